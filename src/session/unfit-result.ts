import { Code, RpcError } from '../contract/errors.js';
import type { SessionHost } from './session.js';

/** Why a result cannot be sent. What its own functions have thrown is sent according to the policy for errors. */
export function unfit(host: Pick<SessionHost, 'toFault'>, error: unknown): RpcError {
  return error instanceof RpcError ? error : new RpcError(host.toFault(error).message, Code.InternalError);
}
