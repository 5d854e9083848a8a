import { Code, RpcError } from '../errors.js';
import type { MethodOptions } from '../marks.js';
import type { CallSender } from '../peer.js';
import { isThenable } from '../thenable.js';
import { inTime } from '../validation/in-time.js';
import { inTurn } from '../validation/in-turn.js';
import type { IncomingCall, Interceptor } from './interceptor.js';

/** The one text of a refusal: it does not tell why. */
const REFUSED = 'the call is not allowed';

/**
 * Asks what a mark says under `allow`. Whatever is not true refuses the call, and so does a guard that throws, or takes more than
 * `timeout` milliseconds, which is reported. Calls whose guards take their time begin in the order of their arrival.
 */
export function guard(path: string, allow: NonNullable<MethodOptions['allow']>, timeout: number): Interceptor {
  return (given, next) => {
    const call = given as IncomingCall;
    const sender = call.sender as CallSender;
    const { session } = sender.peer;
    const failed = (error: unknown): false => {
      session.host.trouble(session, error, sender.call.id);
      return false;
    };
    const go = (allowed: unknown): unknown => {
      const gone = session.over ?? sender.begun?.cancelled;
      if (gone !== undefined) throw gone;
      if (allowed !== true) throw new RpcError(REFUSED, Code.Refused);
      return next();
    };
    let verdict: unknown;
    try {
      verdict = allow(call);
    } catch (error) {
      verdict = failed(error);
    }
    if (!isThenable(verdict)) return go(verdict);
    const late = (): Error => new Error(`the guard of ${path} has not decided within ${timeout} ms`);
    return inTurn<unknown>(session, inTime(Promise.resolve(verdict), timeout, late).catch(failed), go);
  };
}
