import { Code, RpcError } from '../errors.js';
import type { MethodOptions } from '../marks.js';
import type { CallSender } from '../peer.js';
import { isThenable } from '../thenable.js';
import { inTurn } from '../validation/in-turn.js';
import type { IncomingCall, Interceptor } from './interceptor.js';

/** The one text of a refusal: it does not tell why. */
const REFUSED = 'the call is not allowed';

/**
 * Asks what a mark says under `allow`. Whatever is not true refuses the call, and so does a guard that throws, which is reported.
 * Calls whose guards take their time begin in the order of their arrival.
 */
export function guard(allow: NonNullable<MethodOptions['allow']>): Interceptor {
  return (given, next) => {
    const call = given as IncomingCall;
    const failed = (error: unknown): false => {
      const { call: message, peer } = call.sender as CallSender;
      peer.session.host.trouble(peer.session, error, message.id);
      return false;
    };
    let verdict: unknown;
    try {
      verdict = allow(call);
    } catch (error) {
      verdict = failed(error);
    }
    const go = (allowed: unknown): unknown => {
      if (allowed !== true) throw new RpcError(REFUSED, Code.Refused);
      return next();
    };
    if (!isThenable(verdict)) return go(verdict);
    const { session } = (call.sender as CallSender).peer;
    return inTurn<unknown>(session, Promise.resolve(verdict).then(undefined, failed), go);
  };
}
