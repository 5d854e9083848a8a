import { time } from '../../base/time.js';
import type { Session } from '../session.js';

/** How long, in milliseconds, handlers of cancelled calls may go on before that is reported. */
const GRACE = 500;

/**
 * The calls of one peer that were cancelled, or have taken too long, and whose handlers go on all the same, by what they are at work
 * as. They do not count against `concurrency`, but against a second bound of the same size: otherwise they would stop whatever else
 * their peer asks. Where calls run one after the other (`concurrency: 1`), they go on to do so.
 */
export class CancelledCalls {
  private readonly counts = { running: 0, calling: 0, lasting: 0 };
  /** Since when there are as many as the bound; undefined while they are fewer, `Infinity` once that was reported. */
  private blockedSince: number | undefined;

  constructor(private readonly session: Session) {}

  /** How many of those at work do not count. */
  spared(place: 'running' | 'calling'): number {
    const { concurrency } = this.session.host;
    return concurrency === 1 ? 0 : Math.min(this.counts[place], concurrency);
  }

  /** A call that is at work was cancelled. */
  add(place: 'running' | 'calling' | 'lasting'): void {
    this.counts[place]++;
    if (!this.isBlocked || this.blockedSince !== undefined) return;
    this.blockedSince = time();
    this.session.remind(this.blockedSince + GRACE);
  }

  /** The handlers of one have ended. */
  remove(place: 'running' | 'calling' | 'lasting'): void {
    this.counts[place]--;
  }

  private get isBlocked(): boolean {
    const { running, calling } = this.counts;
    return Math.max(running, calling) >= this.session.host.concurrency;
  }

  /** Reports, once for each peer, handlers that do not end. Says when to look again: `Infinity` if there is no need. */
  due(now: number): number {
    const { blockedSince } = this;
    if (blockedSince === undefined || blockedSince === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
    if (!this.isBlocked) this.blockedSince = undefined;
    else if (now < blockedSince + GRACE) return blockedSince + GRACE;
    else this.report();
    return Number.POSITIVE_INFINITY;
  }

  private report(): void {
    this.blockedSince = Number.POSITIVE_INFINITY;
    const { host, peer } = this.session;
    const { concurrency, logger } = host;
    const count = this.counts.running + this.counts.calling;
    const next =
      concurrency === 1
        ? 'With concurrency: 1, further calls wait for it'
        : `Up to ${concurrency} others run beside them, then further calls wait`;
    logger.warn(
      `obverse: ${peer?.id}: ${count} calls were cancelled and their handlers have not ended. ${next}. A handler should end when sender.signal aborts.`,
    );
  }
}
