import type { FaultBody, Message } from '../../contract/contract.js';
import {
  Aborted,
  Code,
  ConnectionLost,
  ProtocolError,
  RemoteError,
  RpcError,
  TimeoutError,
} from '../../contract/errors.js';
import type { Connection } from '../../session/connection.js';
import { encode } from '../../session/sending/encode.js';
import type { SessionHost } from '../../session/session.js';
import { sendControl } from '../../session/system/control-messages.js';
import { AUTH } from '../../session/system/system-names.js';

/** Errors of calls that `authenticate` has made itself: the peer does not see them. */
const OWN = [ConnectionLost, TimeoutError, Aborted, ProtocolError, RemoteError];
/** Those of them that another attempt may not meet. */
const PASSING = [ConnectionLost, TimeoutError];

/** What is sent to a peer of the error for which it is refused: an RpcError as it is, and nothing of any other. */
export function faultOf(thrown: unknown): FaultBody {
  if (PASSING.some((each) => thrown instanceof each))
    return { code: Code.Busy, message: 'who the peer is cannot be found at the moment' };
  if (!(thrown instanceof RpcError) || OWN.some((each) => thrown instanceof each))
    return { code: Code.Refused, message: 'the credentials were refused' };
  const { code, message, data } = thrown;
  return data === undefined ? { code, message } : { code, message, data };
}

/** Refuses a peer: as it has sent hello, or else as the answer to its first message. What cannot be sent is not. */
export function sendRefusal(
  connection: Connection,
  fault: FaultBody,
  saidHello: boolean,
  first: Message | undefined,
): void {
  const { data: _data, ...bare } = fault;
  for (const refused of [fault, bare])
    try {
      if (saidHello) sendControl(connection, AUTH, [{ refused }], true);
      else if (first?.kind === 'call' && first.id !== undefined) answer(connection, refused, first.id);
      return;
    } catch {
      // The codec cannot carry its data; or the security refuses it.
    }
}

function answer(connection: Connection, error: FaultBody, id: NonNullable<Message['id']> | null): void {
  const { host, filter, frameLimit } = connection;
  const frame = encode((host as unknown as SessionHost).codec, { kind: 'fault', id, error }, frameLimit, connection);
  if (filter !== undefined) filter.control(frame);
  else connection.write([frame], frame.length);
}
