import { isObject } from '../../contract/check-options.js';
import type { FaultBody } from '../../contract/contract.js';
import { Code, ConnectionLost } from '../../contract/errors.js';
import { markPermanent } from '../../contract/permanent.js';
import type { Connection } from '../../session/connection.js';
import { RpcSession } from '../../session/rpc-session.js';
import type { SessionHost } from '../../session/session.js';

type Fields = Readonly<Record<string, unknown>>;

/** Who takes what `rpc.auth` says over a connection. */
export const receivers: WeakMap<Connection, (fields: Fields) => void> = new WeakMap();

/** `rpc.auth` has arrived: new credentials are asked for, are here, or were refused. */
export function received(connection: Connection, [said]: readonly unknown[]): void {
  const fields = Object(said) as Fields;
  const { listens } = connection.host as { readonly listens?: boolean };
  if (isObject(fields.refused) && listens !== true) refused(connection, fields.refused);
  else receivers.get(connection)?.(fields);
}

/** The other side does not let this one in, or no longer: only where it is busy another attempt may succeed. */
function refused(connection: Connection, said: object): void {
  const { code, message, data } = said as Partial<FaultBody>;
  const { sink, host, link } = connection;
  const fault = {
    code: Number.isSafeInteger(code) ? (code as number) : Code.Refused,
    message: typeof message === 'string' ? message : 'the other side refuses this one',
    data,
  };
  const error = (host as unknown as SessionHost).fromFault(fault);
  // Who has not sent hello has not let this side in, and has carried out nothing.
  if (!connection.agreed && sink instanceof RpcSession) {
    const { journal, posted, sendQueue } = sink;
    journal?.refused?.();
    // Where another session may send them, their numbers have to stay.
    if (posted === undefined) sendQueue.takeBack(sendQueue.sent);
  }
  // Calls that are open may have been carried out: they are lost, not refused.
  const reason =
    sink.peer === undefined
      ? error
      : new ConnectionLost(`${link.peer} refuses this side: ${error.message}`, { cause: error });
  if (fault.code !== Code.Busy) markPermanent(reason);
  connection.close(reason);
}
