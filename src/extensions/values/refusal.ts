import { RpcError } from '../../contract/errors.js';
import type { SessionHost } from '../../session/session.js';
import { UnreadableValue } from './unreadable-value.js';

/** Why values that have come cannot be taken, as the peer is told: of what a type has thrown, what the policy for errors tells. */
export function refusalOf(host: SessionHost, error: unknown): RpcError {
  if (error instanceof UnreadableValue) return error.told(host.toFault(error.cause).message);
  if (error instanceof RpcError) return error;
  const { message, code } = host.toFault(error);
  return new RpcError(message, code);
}
