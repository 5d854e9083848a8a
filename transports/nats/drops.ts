import { printable } from '../../src/base/quote.js';
import { messageOf } from '../../src/base/thrown.js';
import { time } from '../../src/base/time.js';
import type { Wire } from '../../src/contract/contract.js';

/** The minimum interval, in ms, between reports of dropped messages: anybody can send them. */
const REPORT_MS = 10_000;

/** Reports messages that were dropped: the first one at once, and then how many there were. */
export class Drops {
  private count = 0;
  private reported = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly address: string,
    private readonly logger: Wire['logger'],
  ) {}

  /** `what` was dropped, for this reason. */
  add(what: string, error: unknown): void {
    this.count++;
    const now = time();
    if (now - this.reported < REPORT_MS) return;
    const others = this.count > 1 ? `, and ${this.count - 1} others since the last report` : '';
    this.logger.warn(`${this.address}: ${what}${others}: ${printable(messageOf(error))}`);
    this.reported = now;
    this.count = 0;
  }
}
