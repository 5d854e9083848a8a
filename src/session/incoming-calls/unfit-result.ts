import { Code, RpcError } from '../../contract/errors.js';
import type { SessionHost } from '../session.js';

/** Why a result cannot be sent. What its own functions have thrown is sent according to the policy for errors. */
export function unfit(host: Pick<SessionHost, 'toFault'>, error: unknown): RpcError {
  if (!(error instanceof RpcError)) return new RpcError(host.toFault(error).message, Code.InternalError);
  // The call was carried out, so it must not be answered as busy.
  return error.code === Code.Busy ? new RpcError(error.message, Code.TooLarge) : error;
}
