import type { Gate } from '../../api/extension.js';
import { isThenable } from '../../base/promise-like.js';
import { messageOf } from '../../base/thrown.js';
import { Code, ConnectionLost, RpcError, UsageError } from '../../contract/errors.js';
import { markPermanent } from '../../contract/permanent.js';
import type { Connection } from '../../session/connection.js';
import { encode } from '../../session/sending/encode.js';
import { SENT_BEFORE_HELLO } from '../../session/sending/frame-limits.js';
import type { SessionHost } from '../../session/session.js';
import { sendControl } from '../../session/system/control-messages.js';
import { AUTH } from '../../session/system/system-names.js';
import type { CredentialsSource } from '../../types/authentication.js';
import { receivers } from './control.js';
import { isCredentials } from './options.js';

/** The side that dials: brings its credentials in its hello, and waits for the answer before anything else is sent. */
export class CredentialsGate implements Gate {
  private readonly ready = new WeakMap<Connection, unknown>();

  constructor(private readonly source: CredentialsSource) {}

  prepare(connection: Connection): Promise<void> | undefined {
    const { link } = connection;
    if (link.agreed === false)
      return Promise.reject(
        markPermanent(
          new RpcError(
            `${link.peer} is not Obverse, or uses another codec: it takes no "credentials"; use "headers"`,
            Code.Refused,
          ),
        ),
      );
    receivers.set(connection, () => this.renew(connection));
    let given: unknown;
    try {
      given = this.obtain(connection);
    } catch (error) {
      return Promise.reject(error);
    }
    if (!isThenable(given)) {
      this.ready.set(connection, given);
      return undefined;
    }
    return Promise.resolve(given).then((value) => {
      this.ready.set(connection, value);
    });
  }

  /** The credentials, or a promise of them. Throws or rejects where there are none that can be sent. */
  private obtain(connection: Connection): unknown {
    const { source } = this;
    if (typeof source !== 'function') return this.checked(connection, source);
    let given: unknown;
    try {
      given = source();
    } catch (error) {
      throw failed(error);
    }
    if (!isThenable(given)) return this.checked(connection, given);
    return Promise.resolve(given).then(
      (value) => this.checked(connection, value),
      (error: unknown) => {
        throw failed(error);
      },
    );
  }

  private checked({ host, frameLimit }: Connection, value: unknown): unknown {
    if (value === undefined) return undefined;
    if (!isCredentials(value))
      throw new UsageError(
        'the option "credentials" must return a text, an object that the codec can carry, or undefined',
      );
    const { codec } = host as unknown as SessionHost;
    try {
      encode(
        codec,
        { kind: 'call', id: undefined, method: AUTH, args: [{ value }], named: true, batch: undefined },
        Math.min(frameLimit, SENT_BEFORE_HELLO),
      );
    } catch (error) {
      throw new UsageError(`the credentials cannot be sent: ${messageOf(error)}`);
    }
    return value;
  }

  hello(connection: Connection): { readonly name: string; readonly value: unknown } | undefined {
    const value = this.ready.get(connection);
    this.ready.delete(connection);
    return value === undefined ? undefined : { name: 'auth', value };
  }

  /** The other side may need time to authenticate this one. */
  patience(connection: Connection): number {
    return connection.host.limits.connectMs;
  }

  admit(): undefined {}

  /** The credentials have run out, says the other side. */
  private renew(connection: Connection): void {
    // It asks once, until it has an answer.
    receivers.delete(connection);
    const send = (credentials: unknown): void => {
      receivers.set(connection, () => this.renew(connection));
      if (!connection.ended) sendControl(connection, AUTH, credentials === undefined ? [{}] : [{ credentials }], true);
    };
    const cut = (error: unknown): void =>
      connection.close(error instanceof UsageError ? markPermanent(error) : failed(error));
    try {
      const given = this.obtain(connection);
      if (isThenable(given)) Promise.resolve(given).then(send).catch(cut);
      else send(given);
    } catch (error) {
      cut(error);
    }
  }
}

/** Another attempt may succeed. */
function failed(error: unknown): ConnectionLost {
  if (error instanceof ConnectionLost) return error;
  return new ConnectionLost(`the option "credentials" has failed: ${messageOf(error)}`, {
    cause: error,
    maybeExecuted: false,
  });
}
