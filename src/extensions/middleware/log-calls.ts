import { UsageError } from '../../contract/errors.js';
import type { CallContext, Interceptor } from '../../types/interceptor.js';
import { middleware } from '../rooms.js';

/** What is told of a call when it is over. */
export interface LoggedCall extends Pick<CallContext, 'direction' | 'kind' | 'path' | 'method'> {
  /** The id of whoever has called, or whom it went to: ids with commas, `everybody` or `a group`. */
  readonly peer: string;
  /** How long it has taken, in milliseconds: of a stream, until its end. */
  readonly duration: number;
  /** The arguments as the caller gave them; undefined where the mark says `logged: 'without arguments'`. */
  readonly args: readonly unknown[] | undefined;
  /** How many items were given; only of a stream. */
  readonly items?: number;
  /** Why it has failed; absent if it went well. */
  readonly failure?: { readonly error: unknown };
}

/** Takes what is told of a call. What it throws is lost. */
export type CallLogger = (call: LoggedCall) => void;

/** Takes a line of text for each call, and the arguments behind it. `console` fits. */
export interface LineLogger {
  info(line: string, ...details: unknown[]): void;
}

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
