import { printable } from '../../src/base/quote.js';
import { clearTimer, setTimer, type Timer, time } from '../../src/base/time.js';
import { ConnectionLost } from '../../src/contract/errors.js';

/** In ms: when it is logged that something was not stored, unless a `flush` has reported it by then. */
const LOG_MS = 1_000;
/** In ms: the least time between two of these lines. */
const APART_MS = 60_000;

/** A `flush` that has not ended. */
interface Flush {
  /** It reports on what was given before. */
  readonly upTo: number;
  failure: Error | undefined;
}

/**
 * What the calls of `flush` of a writer report: each of them rejects if something was not stored that was given before it, and that no `flush`
 * had reported before it was called. So several at a time hear of the same failure. What no `flush` reports is logged.
 */
export class Flushes {
  private readonly open = new Set<Flush>();
  /** The last failure that no `flush` has reported, and the place of what was not stored. */
  private unreported: { readonly error: Error; readonly at: number } | undefined;
  /** How many notifications were not stored, and not reported yet: a caller that waits for an answer receives an error. */
  private silent = 0;
  private timer: Timer | undefined;
  private loggedAt = Number.NEGATIVE_INFINITY;

  /** `log` is called with what was not stored, and why: at most once a minute, and at the end. */
  constructor(private readonly log: (text: string) => void) {}

  /** What was given at the place `at` was not stored; `silent`: how many of these are notifications. */
  failed(error: Error, at: number, silent: number): void {
    this.unreported = { error, at: Math.max(at, this.unreported?.at ?? 0) };
    for (const flush of this.open) if (at < flush.upTo) flush.failure ??= error;
    this.silent += silent;
    if (this.silent > 0) this.timer ??= setTimer(LOG_MS, () => this.report());
  }

  /** Waits for `settled`, which resolves when it is known of everything before the place `upTo` whether it is stored. */
  async flush(upTo: number, settled: Promise<unknown> | undefined): Promise<void> {
    const flush: Flush = { upTo, failure: this.unreported?.error };
    this.open.add(flush);
    await settled;
    this.open.delete(flush);
    const { failure } = flush;
    if (failure === undefined) return;
    if (this.unreported !== undefined && this.unreported.at < upTo) {
      this.unreported = undefined;
      this.silent = 0;
    }
    throw new ConnectionLost(`not everything was stored: ${failure.message}`, { cause: failure });
  }

  /** Nothing more is given. Logs what no `flush` reports. */
  close(): void {
    const at = this.unreported?.at ?? 0;
    if (![...this.open].some(({ upTo }) => at < upTo)) this.logLost();
    clearTimer(this.timer);
  }

  private report(): void {
    const wait = this.loggedAt + APART_MS - time();
    this.timer = wait > 0 ? setTimer(wait, () => this.report()) : undefined;
    if (wait <= 0) this.logLost();
  }

  private logLost(): void {
    const { silent, unreported } = this;
    if (silent === 0 || unreported === undefined) return;
    this.silent = 0;
    this.loggedAt = time();
    this.log(
      `${silent === 1 ? 'a notification is' : `${silent} notifications are`} lost: ${printable(unreported.error.message, 1_000)}`,
    );
  }
}
