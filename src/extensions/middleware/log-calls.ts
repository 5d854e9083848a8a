import { UsageError } from '../../contract/errors.js';
import type { CallLogger, Interceptor, LineLogger } from '../../types/interceptor.js';
import { middleware } from '../rooms.js';

/**
 * An interceptor that tells of every call when it is over: who, which method, how long, with what outcome. `to` is a function
 * that is given that, or what takes lines, by default the console. Calls whose mark says `logged: false` are left out. The
 * option `logCalls` of a side puts it outermost; used otherwise, it tells of what it stands around.
 */
export function logCalls(to: CallLogger | LineLogger = globalThis.console): Interceptor {
  if (typeof to !== 'function' && typeof to?.info !== 'function')
    throw new UsageError('logCalls() takes a function, or an object with info');
  let log: Interceptor | undefined;
  return (call, next) => {
    log ??= middleware.must('logCalls()').logging(to);
    return log(call, next);
  };
}
