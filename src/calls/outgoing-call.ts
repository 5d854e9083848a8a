import { deadlineIn } from '../base/clock.js';
import { isError } from '../base/kinds.js';
import { isThenable } from '../base/promise-like.js';
import type { Signal } from '../base/signal.js';
import { type Abortable, forgetAborted, whenAborted } from '../base/signal-listeners.js';
import { time } from '../base/time.js';
import type { About, Metadata } from '../contract/contract.js';
import { Aborted, type RpcError, TimeoutError } from '../contract/errors.js';
import type { CallSender } from '../session/peer.js';
import type { AnswerAbout, ReplyHandler } from '../session/pending-calls.js';
import type { Session } from '../session/session.js';
import type { CallOptions } from '../types/call-options.js';
import type { Detailed } from '../types/derived.js';

/** How the caller of one call wants it: its options, with what they inherit worked out. */
export interface Wish {
  /** In milliseconds. */
  readonly timeout: number;
  /** In milliseconds, if progress renews the timeout: how long the call may take in all. */
  readonly maxTimeout: number | undefined;
  /** Any of them gives the call up. */
  readonly signals: readonly Signal[];
  readonly onProgress: ((value: unknown) => void) | undefined;
  /** Said of the call; undefined if there is nothing to say. */
  readonly about: About | undefined;
}

/**
 * What a caller wishes. `limit` is the timeout where the options name none, `outer` the call within which this one is made.
 * Throws what ends the call before it has begun: a signal that has fired, a deadline that is over.
 */
export function wishOf(options: CallOptions, limit: number, outer: CallSender | undefined): Wish {
  const { maxTimeout, signal, onProgress, within } = options;
  const left = outer?.timeLeft ?? Number.POSITIVE_INFINITY;
  if (left === 0) throw new TimeoutError(`the call within which this one is made has no time left`);
  const timeout = Math.min(options.timeout ?? limit, left);
  const utmost = maxTimeout === undefined ? undefined : Math.min(maxTimeout, left);
  const signals: Signal[] = [];
  if (signal !== undefined) signals.push(signal);
  if (within !== undefined) signals.push(within.signal);
  for (const each of signals) if (each.aborted) throw abortedBy(each);
  // The default of a side is no wish of this call.
  const travels = utmost ?? (options.timeout !== undefined || left < limit ? timeout : Number.POSITIVE_INFINITY);
  const metadata: Metadata | undefined = options.metadata;
  const about: About = {
    ...(travels !== Number.POSITIVE_INFINITY && { timeout: travels }),
    ...(metadata !== undefined && { metadata }),
    // Progress that nobody listens to renews the timeout all the same.
    ...((onProgress !== undefined || utmost !== undefined) && { progress: true }),
  };
  return { timeout, maxTimeout: utmost, signals, onProgress, about: Object.keys(about).length > 0 ? about : undefined };
}

/** The wish of a call without options. */
export function plainWish(timeout: number): Wish {
  return { timeout, maxTimeout: undefined, signals: [], onProgress: undefined, about: undefined };
}

function abortedBy(signal: Signal): Aborted {
  const { reason } = signal as { reason: unknown };
  return new Aborted(`the call was cancelled${why(reason)}`, { cause: reason });
}

/** Never throws, whatever somebody aborts with: other calls have the same signal. */
function why(reason: unknown): string {
  try {
    return isError(reason) && reason.name !== 'AbortError' ? `: ${reason.message}` : '';
  } catch {
    return '';
  }
}

/** Where the answer of one peer goes. */
export interface Outcome {
  resolve(answer: Detailed<unknown>): void;
  reject(error: unknown): void;
}

/** One call to one peer that has wishes: it can be given up, hears of progress, and learns what is said of its answer. */
export class OutgoingCall implements ReplyHandler, Abortable {
  deadline: number;
  readonly since: number = time();
  /** Nobody waits any more. */
  protected isOver = false;
  protected id = 0;
  private said: AnswerAbout | undefined;
  private readonly utmost: number;

  constructor(
    protected readonly session: Session,
    readonly method: string,
    private readonly wish: Wish,
    private readonly outcome: Outcome,
  ) {
    const { timeout, maxTimeout } = wish;
    this.utmost = maxTimeout === undefined ? Number.POSITIVE_INFINITY : this.since + maxTimeout;
    this.deadline = Math.min(this.since + timeout, this.utmost);
  }

  /** Sends the call, and gives its id. Throws if it cannot be sent: then nobody waits. */
  send(args: readonly unknown[], named: boolean): number {
    const { session, wish } = this;
    this.id = session.ask(this.method, args, named, this, wish.about);
    for (const signal of wish.signals) whenAborted(signal, this);
    return this.id;
  }

  /** A signal has fired. */
  aborted(signal: Signal): void {
    this.giveUp(abortedBy(signal));
  }

  /** The caller has no more use for the answer. It rejects at once; the peer is told. */
  giveUp(reason: RpcError): void {
    if (this.isOver) return;
    this.reject(reason);
    this.session.cancel(this.id, reason.message);
  }

  late(): string {
    const { timeout, maxTimeout } = this.wish;
    if (maxTimeout === undefined) return `within ${timeout} ms`;
    return this.deadline >= this.utmost
      ? `within ${maxTimeout} ms (maxTimeout)`
      : `for ${timeout} ms, not even progress`;
  }

  about(said: AnswerAbout): void {
    this.said = { ...this.said, ...said };
  }

  progress(value: unknown): void {
    const { session, wish } = this;
    if (wish.maxTimeout !== undefined) this.deadline = Math.min(deadlineIn(wish.timeout), this.utmost);
    try {
      const given: unknown = wish.onProgress?.(value);
      if (isThenable(given)) given.then(undefined, (error: unknown) => session.host.trouble(session, error));
    } catch (error) {
      session.host.trouble(session, error);
    }
  }

  resolve(value: unknown): void {
    this.end();
    this.outcome.resolve({ value, metadata: this.said?.metadata ?? {} });
  }

  reject(error: unknown): void {
    this.end();
    this.outcome.reject(error);
  }

  /** Nothing is awaited any more. */
  protected end(): void {
    this.isOver = true;
    for (const signal of this.wish.signals) forgetAborted(signal, this);
  }
}
