import { mustBeInstalled } from '../../api/extension-registry.js';
import { UsageError } from '../../contract/errors.js';
import type { CallLogger, Interceptor, LineLogger } from '../../types/interceptor.js';

type Logging = (to: CallLogger | LineLogger) => Interceptor;
/** Undefined until the extension is loaded. */
let logging: Logging | undefined;

/** Sets the function that makes the logger, which is loaded with the extension. */
export function provideLogging(provided: Logging): void {
  logging = provided;
}

/**
 * An interceptor that writes to a log when a call is over: the caller, the method, the duration and the outcome. `to` is a function
 * that gets these as data, or an object with `info(line)`, by default the console. Calls of methods whose decorator has
 * `logged: false` are omitted. The option `logCalls` of a side puts it outside all other interceptors.
 */
export function logCalls(to: CallLogger | LineLogger = globalThis.console): Interceptor {
  if (typeof to !== 'function' && typeof to?.info !== 'function')
    throw new UsageError('logCalls() takes a function, or an object with a method info, such as console');
  let log: Interceptor | undefined;
  return (call, next) => {
    if (logging === undefined) mustBeInstalled('middleware', 'logCalls()');
    log ??= (logging as Logging)(to);
    return log(call, next);
  };
}
