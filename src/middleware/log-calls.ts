import type { Logger } from '../contract.js';
import { UsageError } from '../errors.js';
import { isThenable } from '../thenable.js';
import { time } from '../time.js';
import type { Receiver, Receivers } from '../types.js';
import type { CallContext, Interceptor } from './interceptor.js';
import { watchedStream } from './watched-stream.js';

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
  const tell = typeof to === 'function' ? to : lines(to);
  if (typeof tell !== 'function') throw new UsageError('logCalls() takes a function, or an object with info');
  return (call, next) => {
    if (call.logged === false) return next();
    const since = time();
    const { direction, kind, path, method } = call;
    const args = call.logged === 'without arguments' ? undefined : call.args;
    const over = (outcome: Pick<LoggedCall, 'items' | 'failure'>): void => {
      const { peer, receivers } = call;
      const name = peer?.id ?? nameOf(receivers as Receivers);
      try {
        tell({ direction, kind, path, method, peer: name, duration: time() - since, args, ...outcome });
      } catch {
        // A call does not fail because nobody can write of it.
      }
    };
    const failed = (error: unknown): never => {
      over({ failure: { error } });
      throw error;
    };
    const returned = (result: unknown): unknown => {
      if (kind === 'stream')
        return watchedStream(result, path, (items, failure) => over({ items, ...(failure && { failure }) }));
      over({});
      return result;
    };
    let given: unknown;
    try {
      given = next();
    } catch (error) {
      return failed(error);
    }
    return isThenable(given) ? Promise.resolve(given).then(returned, failed) : returned(given);
  };
}

/** What the option of a side asks for; `true` are lines to the side's own logger, as infos if it takes such. */
export function callLogger(asked: true | CallLogger, logger: Logger & Partial<LineLogger>): Interceptor {
  if (asked !== true) return logCalls(asked);
  return logCalls({ info: (...told) => (logger.info === undefined ? logger.warn(...told) : logger.info(...told)) });
}

function lines(logger: LineLogger): CallLogger {
  return ({ direction, method, peer, duration, args, items, failure }) => {
    const who = direction === 'incoming' ? `${peer} called ${method}` : `called ${method} of ${peer}`;
    const what = [
      failure === undefined ? '' : 'failed after ',
      items === undefined ? '' : `${items} items in `,
      `${duration.toFixed(1)} ms`,
      failure === undefined ? '' : ` (${textOf(failure.error)})`,
    ].join('');
    logger.info(`obverse: ${who}: ${what}`, ...(args ?? []));
  };
}

function textOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

function nameOf(receivers: Receivers): string {
  if (receivers === null || receivers === undefined) return 'everybody';
  if (Array.isArray(receivers)) return receivers.map((one: Receiver) => nameOf(one)).join(', ');
  if (typeof receivers === 'string') return receivers;
  return (receivers as { readonly id?: string }).id ?? 'a group';
}
