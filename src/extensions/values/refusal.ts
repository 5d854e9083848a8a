import { RpcError } from '../../contract/errors.js';
import type { SessionHost } from '../../session/session.js';
import { UnreadableValue } from './unreadable-value.js';

/** The error that the peer receives for values that cannot be read. What a value type has thrown follows the option `errors`. */
export function refusalOf(host: SessionHost, error: unknown): RpcError {
  if (error instanceof UnreadableValue) return error.withReason(host.toFault(error.cause).message);
  if (error instanceof RpcError) return error;
  const { message, code } = host.toFault(error);
  return new RpcError(message, code);
}
