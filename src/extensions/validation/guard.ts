import { isThenable } from '../../base/promise-like.js';
import type { IncomingCall } from '../../calls/incoming-call.js';
import type { Invoke } from '../../calls/layer.js';
import { Code, RpcError } from '../../contract/errors.js';
import type { MethodOptions } from '../../types/method-options.js';
import { report } from './checking.js';
import { inTime } from './in-time.js';
import { startCallInOrder } from './start-order.js';

/** The text of every refusal: it does not say why. */
const REFUSED = 'the call is not allowed';

/**
 * The guard of a method, the option `allow` of its decorator. Anything but true refuses the call, and so does a guard that throws, or
 * that takes more than `timeout` milliseconds, which is reported. It is called at once; calls start in the order of their arrival.
 */
export function guarded(
  path: string,
  allow: NonNullable<MethodOptions['allow']>,
  timeout: number,
  next: Invoke<IncomingCall>,
): Invoke<IncomingCall> {
  return (call) => {
    const failed = (error: unknown): false => {
      report(call, error);
      return false;
    };
    const decided = (isAllowed: unknown): unknown => {
      if (isAllowed !== true) throw new RpcError(REFUSED, Code.Refused);
      return next(call);
    };
    let verdict: unknown;
    try {
      verdict = allow(call);
    } catch (error) {
      verdict = failed(error);
    }
    const { sender } = call;
    if (isThenable(verdict)) {
      const late = (): Error => new Error(`the guard of ${path} has not decided within ${timeout} ms`);
      const ready = inTime(Promise.resolve(verdict), timeout, late).catch(failed);
      return startCallInOrder<unknown>(sender, ready, decided);
    }
    // A refusal keeps the order, too: that of a call which starts is kept by the innermost step.
    if (verdict === true || sender.peer.session.starting === undefined) return decided(verdict);
    return startCallInOrder<unknown>(sender, verdict, decided);
  };
}
