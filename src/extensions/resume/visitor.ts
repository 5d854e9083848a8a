import { isSameData } from '../../base/same-data.js';
import type { Message } from '../../contract/contract.js';
import type { Connection } from '../../session/connection.js';
import type { PeerUser } from '../../types/authentication.js';
import type { Visitor } from '../../types/resume.js';

/** How deep the user of a visitor is looked into. */
const LEVELS = 8;

/** Who has opened a connection, as far as that is known with its first message. */
export function visitorOf(connection: Connection, first: Message | undefined): Visitor {
  const securityInfo = first !== undefined && first.kind !== 'bad' ? first.securityInfo : undefined;
  return { user: connection.user as PeerUser | undefined, info: connection.link.info ?? {}, securityInfo };
}

/**
 * Whether both are the same: the same user, as `authenticate` or else the security has found it, with the same certificate. With neither,
 * whoever has the token is.
 */
export function isSame(one: Visitor, other: Visitor): boolean {
  return (
    isSameData(one.user, other.user, LEVELS) &&
    isSameData(one.securityInfo?.user, other.securityInfo?.user, LEVELS) &&
    certificateOf(one) === certificateOf(other)
  );
}

function certificateOf({ info }: Visitor): unknown {
  const { tls } = info as { readonly tls?: { readonly certificate?: { readonly fingerprint256?: unknown } } };
  return tls?.certificate?.fingerprint256;
}
