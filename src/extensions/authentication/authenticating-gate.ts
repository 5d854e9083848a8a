import type { Gate, SideHost } from '../../api/extension.js';
import type { Message } from '../../contract/contract.js';
import type { Connection } from '../../session/connection.js';
import type { SessionHost } from '../../session/session.js';
import type { Authenticate } from '../../types/authentication.js';
import { PeerIdentity } from './peer-identity.js';

/** The side that listens: finds who a peer is before there is a session for it. */
export class AuthenticatingGate implements Gate {
  private readonly identities = new WeakMap<Connection, PeerIdentity>();

  constructor(
    private readonly host: SideHost,
    private readonly authenticate: Authenticate,
  ) {}

  private of(connection: Connection): PeerIdentity {
    let identity = this.identities.get(connection);
    if (identity === undefined) {
      identity = new PeerIdentity(connection, this.host, this.authenticate);
      this.identities.set(connection, identity);
    }
    return identity;
  }

  /** Credentials come with the first message, and so does what a security says. A peer that sends none may be known otherwise. */
  patience(connection: Connection): number {
    const { link, filter, host } = connection;
    const mayGreet = link.agreed !== false && link.bus !== true && link.brief !== true;
    const saysHello = (host as unknown as SessionHost).codec.hello && mayGreet;
    return saysHello || filter !== undefined ? host.limits.connectMs / 2 : 0;
  }

  greeted(connection: Connection, { auth }: Readonly<Record<string, unknown>>): void {
    this.of(connection).bring(auth);
  }

  admit(connection: Connection, first: Message | undefined): undefined | Promise<undefined> {
    return this.of(connection).find(first);
  }

  ended(connection: Connection): void {
    this.identities.get(connection)?.end();
  }
}
