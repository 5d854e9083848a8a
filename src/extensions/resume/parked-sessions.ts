import { clearTimer, setTimer, type Timer, time } from '../../base/time.js';
import type { Fresh } from './hello-field.js';
import type { ResumableSession } from './resumable-session.js';
import type { Resuming } from './resume-options.js';

/**
 * The sessions of one side that have no link, within their bounds: for how long, how many, how many bytes for one and for all. What is over
 * a bound ends.
 */
export class ParkedSessions {
  private readonly all = new Set<ResumableSession>();
  private bytes = 0;
  private timer: Timer | undefined;
  private counting = false;

  /** `end` ends a session, for this reason. */
  constructor(
    private readonly resuming: Resuming,
    private readonly end: (session: ResumableSession, why: Fresh) => void,
  ) {}

  get size(): number {
    return this.all.size;
  }

  add(session: ResumableSession): void {
    const { hold, sessions } = this.resuming;
    this.all.add(session);
    this.bytes += session.bytes;
    if (session.bytes >= hold) this.end(session, 'overrun');
    while (this.all.size > sessions) this.end(this.least(), 'evicted');
    this.fit();
    this.schedule();
  }

  /** The session has a link again, or has ended. */
  remove(session: ResumableSession): void {
    if (!this.all.delete(session)) return;
    this.bytes -= session.bytes;
    if (this.all.size === 0) {
      clearTimer(this.timer);
      this.timer = undefined;
    }
  }

  /** A message is about to be added to so many bytes: one larger message is taken while less than `hold` waits. */
  grows(session: ResumableSession, bytes: number): void {
    if (!this.all.has(session)) return;
    if (bytes >= this.resuming.hold) this.end(session, 'overrun');
    else if (!this.counting) {
      this.counting = true;
      queueMicrotask(() => this.count());
    }
  }

  /** What was added in this turn counts for all of them together. */
  private count(): void {
    this.counting = false;
    this.bytes = 0;
    for (const session of this.all) {
      session.measure();
      this.bytes += session.bytes;
    }
    this.fit();
  }

  private fit(): void {
    while (this.bytes > this.resuming.totalBytes && this.all.size > 0) this.end(this.least(), 'evicted');
  }

  /** The one in which least was spoken, and of equals the youngest: who comes only to be kept goes first. */
  private least(): ResumableSession {
    let least: ResumableSession | undefined;
    for (const session of this.all) if (least === undefined || session.spoken <= least.spoken) least = session;
    return least as ResumableSession;
  }

  /** They expire in the order in which they have lost their links. */
  private schedule(): void {
    const [oldest] = this.all;
    if (oldest === undefined || this.timer !== undefined) return;
    const left = (oldest.awaySince as number) + this.resuming.ms - time();
    this.timer = setTimer(Math.max(0, left), () => this.expire()).unref();
  }

  private expire(): void {
    this.timer = undefined;
    const now = time();
    for (const session of this.all) {
      if (now - (session.awaySince as number) < this.resuming.ms) break;
      this.end(session, 'expired');
    }
    this.schedule();
  }
}
