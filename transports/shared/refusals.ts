import { time } from '../../src/base/time.js';

/** The minimum interval, in milliseconds, between reports of refused connections. */
const REPORT_MS = 60_000;

/** Counts connections refused for one reason: many refusals make one report. */
export class Refusals {
  private count = 0;
  private reportedAt = Number.NEGATIVE_INFINITY;

  /** Another one was refused. Returns the number since the last report; 0 if it is too early for another report. */
  add(): number {
    this.count++;
    const now = time();
    if (now - this.reportedAt < REPORT_MS) return 0;
    const { count } = this;
    this.reportedAt = now;
    this.count = 0;
    return count;
  }
}
