import { Code, RpcError } from '../contract/errors.js';
import type { SessionHost } from './session.js';

/** Why a result cannot be sent. What its own functions have thrown is told as the policy for errors says. */
export function unfit(host: Pick<SessionHost, 'toFault'>, error: unknown): RpcError {
  return error instanceof RpcError ? error : new RpcError(host.toFault(error).message, Code.InternalError);
}
