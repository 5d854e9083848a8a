import { isThenable } from '../../base/promise-like.js';
import { Code, RpcError } from '../../contract/errors.js';
import { beginInTurn } from '../../session/call-order.js';
import type { CallSender } from '../../session/peer.js';
import type { IncomingCall, Interceptor } from '../../types/interceptor.js';
import type { MethodOptions } from '../../types/method-options.js';
import { inTime } from './in-time.js';
import type { Validating } from './incoming.js';

/** The one text of a refusal: it does not tell why. */
const REFUSED = 'the call is not allowed';

/**
 * Asks what a mark says under `allow`. Whatever is not true refuses the call, and so does a guard that throws, or takes more than
 * `timeout` milliseconds, which is reported. It is asked at once; the calls begin in the order of their arrival.
 */
export function guard(path: string, allow: NonNullable<MethodOptions['allow']>, timeout: number): Validating {
  const asking: Interceptor = (given, next) => {
    const call = given as IncomingCall;
    const sender = call.sender as CallSender;
    const { session } = sender.peer;
    const failed = (error: unknown): false => {
      session.host.trouble(session, error, sender.call.id, sender.call.method);
      return false;
    };
    const go = (allowed: unknown): unknown => {
      if (allowed !== true) throw new RpcError(REFUSED, Code.Refused);
      return next();
    };
    let verdict: unknown;
    try {
      verdict = allow(call);
    } catch (error) {
      verdict = failed(error);
    }
    if (!isThenable(verdict)) {
      return session.turn === undefined ? go(verdict) : beginInTurn(sender, verdict, go);
    }
    const late = (): Error => new Error(`the guard of ${path} has not decided within ${timeout} ms`);
    return beginInTurn<unknown>(sender, inTime(Promise.resolve(verdict), timeout, late).catch(failed), go);
  };
  return Object.assign(asking, { keepsOrder: true });
}
