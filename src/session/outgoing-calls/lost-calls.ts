import { ConnectionLost, type RpcError } from '../../contract/errors.js';
import { shownAs } from '../system/system-names.js';
import type { ReplyHandler } from './pending-calls.js';

/**
 * What each call that is open is rejected with when its session ends: an error of its own, which names its method, has the cause of the
 * reason, and specifies whether the call may have been carried out. With `asItIs`, it is the reason itself where that fits. A reason
 * that is more than ConnectionLost is always given as it is.
 */
export function reasonOfEach(reason: RpcError, asItIs?: 'as it is'): (waiter: ReplyHandler) => RpcError {
  return ({ method, given = true }) => {
    if (!isLoss(reason)) return reason;
    if (asItIs === undefined) return loss(`${shownAs(method)}: ${reason.message}`, reason, given);
    return given === reason.maybeExecuted ? reason : loss(reason.message, reason, given);
  };
}

/** The error of a call that is not sent, because its session has ended for this reason. */
export function unsent(reason: RpcError): RpcError {
  return isLoss(reason) ? loss(reason.message, reason, false) : reason;
}

function isLoss(reason: RpcError): reason is ConnectionLost {
  return reason.constructor === ConnectionLost;
}

function loss(message: string, { cause }: RpcError, maybeExecuted: boolean): ConnectionLost {
  return new ConnectionLost(message, cause === undefined ? { maybeExecuted } : { cause, maybeExecuted });
}
