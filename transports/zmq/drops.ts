import { time } from '../../src/base/time.js';
import type { Logger } from '../../src/contract/contract.js';

/** The minimum interval, in ms, between reports: anybody can send what is dropped. */
const REPORT_MS = 10_000;

/** Reports what was dropped, seldom. */
export class Drops {
  private count = 0;
  private reported = Number.NEGATIVE_INFINITY;

  constructor(private readonly logger: Logger) {}

  add(what: string): void {
    this.count++;
    const now = time();
    if (now - this.reported < REPORT_MS) return;
    const others = this.count > 1 ? `, and ${this.count - 1} others since the last report` : '';
    this.logger.warn(`${what}${others}`);
    this.reported = now;
    this.count = 0;
  }
}
