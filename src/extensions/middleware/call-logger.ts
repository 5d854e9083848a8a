import { loggable } from '../../base/details.js';
import { isError } from '../../base/kinds.js';
import { ignoreRejection, isThenable } from '../../base/promise-like.js';
import { printable } from '../../base/quote.js';
import { time } from '../../base/time.js';
import type { CallLogger, Interceptor, LineLogger, LoggedCall } from '../../types/interceptor.js';
import type { LogEntry, SideLogger } from '../../types/log-entry.js';
import type { Receiver, Receivers } from '../../types/peers.js';
import { observedStream } from '../streams/relayed-stream.js';

/** An interceptor that logs every call when it is over. */
export function logging(to: CallLogger | LineLogger): Interceptor {
  const log = typeof to === 'function' ? to : lines(to);
  return (call, next) => {
    if (call.logged === false) return next();
    const since = time();
    const { direction, kind, path, method } = call;
    const args = call.logged === 'without arguments' ? undefined : call.args;
    const over = (outcome: Pick<LoggedCall, 'items' | 'failure'>): void => {
      const { peer, receivers } = call;
      const name = peer?.id ?? nameOf(receivers as Receivers);
      try {
        ignoreRejection(log({ direction, kind, path, method, peer: name, duration: time() - since, args, ...outcome }));
      } catch {
        // A call does not fail because it cannot be logged.
      }
    };
    const failed = (error: unknown): never => {
      over({ failure: { error } });
      throw error;
    };
    const returned = (result: unknown): unknown => {
      if (kind === 'stream')
        return observedStream(result, path, (items, failure) => over({ items, ...(failure && { failure }) }));
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

/** The interceptor for the option of a side; `true` writes to the side's own logger, at level info if it has that. */
export function callLogger(asked: true | CallLogger, logger: SideLogger): Interceptor {
  if (asked !== true) return logging(asked);
  return logging((call) => {
    const { text, details } = lineOf(call);
    const { peer, method, failure } = call;
    const entry: LogEntry = { level: 'info', event: 'call', message: text, peer, method };
    logger.entry(failure === undefined ? entry : { ...entry, error: loggable(failure.error) }, text, ...details);
  });
}

function lines(logger: LineLogger): CallLogger {
  return (call) => {
    const { text, details } = lineOf(call);
    return logger.info(text, ...details);
  };
}

function lineOf({ direction, method, peer, duration, args, items, failure }: LoggedCall): {
  readonly text: string;
  readonly details: readonly unknown[];
} {
  const [whom, name] = [printable(peer), printable(method)];
  const who = direction === 'incoming' ? `${whom} called ${name}` : `called ${name} of ${whom}`;
  const what = [
    failure === undefined ? '' : 'failed after ',
    items === undefined ? '' : `${items} items in `,
    `${duration.toFixed(1)} ms`,
    failure === undefined ? '' : ` (${textOf(failure.error)})`,
  ].join('');
  return { text: `obverse: ${who}: ${what}`, details: (args ?? []).map(loggable) };
}

function textOf(error: unknown): string {
  return printable(isError(error) ? `${error.name}: ${error.message}` : String(loggable(error)));
}

function nameOf(receivers: Receivers): string {
  if (receivers === null || receivers === undefined) return 'everybody';
  if (Array.isArray(receivers)) return receivers.map((one: Receiver) => nameOf(one)).join(', ');
  if (typeof receivers === 'string') return receivers;
  return (receivers as { readonly id?: string }).id ?? 'a group';
}
