import type { LinkInfo, SecurityInfo } from '../../contract/contract.js';
import type { Handshake, PeerUser } from '../../types/authentication.js';

interface Known {
  readonly credentials: unknown;
  readonly info: LinkInfo;
  readonly securityInfo: SecurityInfo | undefined;
  readonly user: PeerUser | undefined;
  expireIn(ms: number): void;
}

/** What is known of a peer, for the program. Who prints it sees nothing of it: there are secrets in it. */
export function handshakeOf(known: Known): Handshake {
  const hidden = Object.entries(known).map(([name, value]) => [name, { value }]);
  return Object.defineProperties({}, Object.fromEntries(hidden)) as Handshake;
}
