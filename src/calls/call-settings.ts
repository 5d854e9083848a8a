import { isError } from '../base/kinds.js';
import type { Signal } from '../base/signal.js';
import type { About, Delivery, Metadata } from '../contract/contract.js';
import { Aborted, TimeoutError } from '../contract/errors.js';
import type { CallSender } from '../session/incoming-calls/call-sender.js';
import type { CallOptions } from '../types/call-options.js';
import { currentCall } from './call-context.js';

/** The options of one call, with its inherited deadline and the call headers worked out. */
export interface CallSettings {
  /** In milliseconds. */
  readonly timeout: number;
  /** In milliseconds, if progress renews the timeout: how long the call may take in all. */
  readonly maxTimeout: number | undefined;
  /** Any of them cancels the call. */
  readonly signals: readonly Signal[];
  readonly onProgress: ((value: unknown) => void) | undefined;
  /** The call headers; undefined if there are none. */
  readonly about: About | undefined;
  /** The call may be sent again, in another session. */
  readonly idempotent: boolean;
  /** For links that keep messages. */
  readonly delivery: Delivery | undefined;
}

/**
 * The settings of a call. `limit` is the timeout if the options have none. If the call is made while another one is handled, it has no
 * more time than that one has left. Throws if the call must not be sent: a signal has fired, or the inherited deadline is over.
 */
export function settingsOf(options: CallOptions, limit: number): CallSettings {
  const { maxTimeout, signal, onProgress, within, idempotent = false, delivery } = options;
  const outer = (within as CallSender | undefined) ?? currentCall();
  const left = outer?.timeLeft ?? Number.POSITIVE_INFINITY;
  if (left === 0) throw new TimeoutError(`the call that this one is made within has no time left`);
  const timeout = Math.min(options.timeout ?? limit, left);
  const utmost = maxTimeout === undefined ? undefined : Math.min(maxTimeout, left);
  const signals: Signal[] = [];
  if (signal !== undefined) signals.push(signal);
  if (within !== undefined) signals.push(within.signal);
  for (const each of signals) if (each.aborted) throw abortedBy(each);
  // The default timeout of a side is not sent.
  const travels = utmost ?? (options.timeout !== undefined || left < limit ? timeout : Number.POSITIVE_INFINITY);
  const metadata: Metadata | undefined = options.metadata;
  const about: About = {
    ...(travels !== Number.POSITIVE_INFINITY && { timeout: travels }),
    ...(metadata !== undefined && { metadata }),
    // Progress renews the timeout even if nobody listens to it.
    ...((onProgress !== undefined || utmost !== undefined) && { progress: true }),
  };
  const headers = Object.keys(about).length > 0 ? about : undefined;
  return { timeout, maxTimeout: utmost, signals, onProgress, about: headers, idempotent, delivery };
}

/** The settings of a call without options. */
export function plainSettings(timeout: number): CallSettings {
  return {
    timeout,
    maxTimeout: undefined,
    signals: [],
    onProgress: undefined,
    about: undefined,
    idempotent: false,
    delivery: undefined,
  };
}

/** The error of a call that a signal has cancelled. */
export function abortedBy(signal: Signal): Aborted {
  const { reason } = signal as { reason: unknown };
  return new Aborted(`the call was cancelled${why(reason)}`, { cause: reason });
}

/** Never throws, whatever the reason is: other calls may have the same signal. */
function why(reason: unknown): string {
  try {
    return isError(reason) && reason.name !== 'AbortError' ? `: ${reason.message}` : '';
  } catch {
    return '';
  }
}
