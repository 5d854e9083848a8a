import type { SideHost } from '../../api/extension.js';
import { isThenable } from '../../base/promise-like.js';
import { printable } from '../../base/quote.js';
import { isSameData } from '../../base/same-data.js';
import { clearTimer, setTimer, type Timer, time } from '../../base/time.js';
import type { Message, SecurityInfo } from '../../contract/contract.js';
import { Code, ProtocolError, RpcError, UsageError } from '../../contract/errors.js';
import type { Connection } from '../../session/connection.js';
import { sendControl } from '../../session/system/control-messages.js';
import { AUTH } from '../../session/system/system-names.js';
import type { Authenticate, Handshake, PeerUser } from '../../types/authentication.js';
import { receivers } from './control.js';
import { handshakeOf } from './handshake.js';
import { faultOf, sendRefusal } from './refusal.js';

/** The longest hello with credentials, in bytes. */
const MOST_BYTES = 64 * 1024;
/** How deep two users are compared. */
const LEVELS = 8;
const NEVER = Number.POSITIVE_INFINITY;

/** Who the peer of one connection is: found from its first message, and again whenever its credentials run out. */
export class PeerIdentity {
  private state: 'new' | 'known' | 'asked' | 'checking' = 'new';
  private saidHello = false;
  private isTooLong = false;
  private credentials: unknown;
  private securityInfo: SecurityInfo | undefined;
  /** When the credentials run out. */
  private expires = NEVER;
  /** Until they run out, or until new ones have to be there. */
  private timer: Timer | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly host: SideHost,
    private readonly authenticate: Authenticate,
  ) {}

  // ---- before there is a session ------------------------------------------------------------------------------------

  /** The peer has sent hello. */
  bring(credentials: unknown): void {
    if (this.state !== 'new') return;
    this.saidHello = true;
    this.isTooLong = this.connection.size > MOST_BYTES;
    this.credentials = this.isTooLong ? undefined : credentials;
  }

  /** Finds who it is. Throws or rejects if it is refused, which was reported to the peer. */
  find(first: Message | undefined): undefined | Promise<undefined> {
    const { connection, credentials } = this;
    const { link } = connection;
    if (link.bus === true || link.proved !== undefined)
      throw new UsageError(
        'the option "authenticate" does not work over a bus, or where the address of a peer can be forged',
      );
    if (first !== undefined && first.kind !== 'bad') this.securityInfo = first.securityInfo;
    this.credentials = undefined;
    const refuse = (thrown: unknown): never => {
      sendRefusal(connection, faultOf(thrown), this.saidHello, first);
      throw thrown;
    };
    if (this.isTooLong)
      return refuse(new RpcError(`a hello with credentials has at most ${MOST_BYTES} bytes`, Code.TooLarge));
    return this.check(
      credentials,
      (user) => {
        connection.user = user;
        this.known();
      },
      refuse,
    );
  }

  /** Asks the program. `found` may throw as well, and then the peer is refused. */
  private check(
    credentials: unknown,
    found: (user: PeerUser) => void,
    refuse: (thrown: unknown) => void,
  ): undefined | Promise<undefined> {
    const accept = (user: unknown): undefined => {
      if (this.connection.ended) return;
      if (user === undefined || user === null || user === false) throw nobody(credentials);
      found(user as PeerUser);
    };
    try {
      const given = this.authenticate(this.handshake(credentials));
      if (isThenable(given))
        return Promise.resolve(given)
          .then(accept)
          .catch((error: unknown) => refuse(error) as undefined);
      return accept(given);
    } catch (error) {
      return refuse(error) as undefined;
    }
  }

  private handshake(credentials: unknown): Handshake {
    const { connection, securityInfo } = this;
    const { user } = connection;
    return handshakeOf({
      credentials,
      info: connection.link.info ?? {},
      securityInfo,
      user: user as PeerUser | undefined,
      expireIn: (ms) => this.expireIn(ms),
    });
  }

  // ---- when its credentials run out ---------------------------------------------------------------------------------

  private known(): void {
    this.state = 'known';
    clearTimer(this.timer);
    if (this.expires !== NEVER) this.timer = setTimer(Math.max(0, this.expires - time()), () => this.expired()).unref();
  }

  private expireIn(ms: number): void {
    if (typeof ms !== 'number' || !(ms >= 0))
      throw new UsageError(
        'expireIn() takes a number of milliseconds from 0, or Infinity for credentials that do not run out',
      );
    this.expires = time() + ms;
    if (this.state === 'known' && !this.connection.ended) this.known();
  }

  private expired(): void {
    // A timer waits for 24 days at most.
    if (time() < this.expires) {
      this.known();
      return;
    }
    const { connection } = this;
    const { connectMs } = this.host.limits;
    if (!this.saidHello) {
      this.denyLink(
        new RpcError('its credentials have run out, and it says no hello: it has to connect again', Code.Refused),
      );
      return;
    }
    this.state = 'asked';
    receivers.set(connection, ({ credentials }) => this.renew(credentials));
    const late = `no new credentials that can be accepted have come within ${connectMs} ms (limits.connectMs)`;
    this.timer = setTimer(connectMs, () => this.denyLink(new RpcError(late, Code.Refused))).unref();
    try {
      sendControl(connection, AUTH, []);
    } catch (error) {
      this.denyLink(error);
    }
  }

  private renew(credentials: unknown): void {
    const { connection } = this;
    if (this.state !== 'asked') throw new ProtocolError('it has sent credentials, and was not asked for any');
    this.state = 'checking';
    this.expires = NEVER;
    if (connection.size > MOST_BYTES) {
      this.denyLink(new RpcError(`credentials have at most ${MOST_BYTES} bytes`, Code.TooLarge));
      return;
    }
    void this.check(
      credentials,
      (user) => {
        if (!isSameData(connection.user, user, LEVELS))
          throw new RpcError('the new credentials are those of another user', Code.Refused);
        this.known();
      },
      (thrown) => this.denyLink(thrown),
    );
  }

  /** The session ends; the peer receives the reason before. */
  private denyLink(thrown: unknown): void {
    const { connection, host } = this;
    if (connection.ended) return;
    this.end();
    sendRefusal(connection, faultOf(thrown), this.saidHello, undefined);
    host.reports.write(
      'warn',
      undefined,
      `${printable(connection.link.peer)} has to leave, as its credentials have run out:`,
      thrown,
    );
    connection.close();
  }

  /** The connection has ended. */
  end(): void {
    clearTimer(this.timer);
    receivers.delete(this.connection);
  }
}

function nobody(credentials: unknown): RpcError {
  const text =
    credentials === undefined
      ? 'no credentials were sent that identify this side: set the option "credentials"'
      : 'the credentials were refused';
  return new RpcError(text, Code.Refused);
}
