import { Queue } from '../../base/queue.js';
import { clearTimer, setTimer, type Timer, time } from '../../base/time.js';
import type { Session } from '../../session/session.js';
import { NEXT } from '../../session/system-names.js';

/** Stands behind something that was sent. */
interface Mark {
  /** What had been sent when it left, and what was known to have arrived, and since when. */
  readonly sent: number;
  readonly arrived: number;
  readonly since: number;
  /** In milliseconds. */
  readonly at: number;
  /** Nothing else was on its way but the message before it. */
  readonly alone: boolean;
}

/** So many bytes may be on their way in any case, and no more than that. */
const LEAST = 4 * 1024;
const MOST = 8 * 1024 * 1024;
/** How long the time that an empty way takes is believed: so many milliseconds, and so many times itself. */
const BELIEVED = 100;
const TIMES = 30;
/** Where the clock stands still, or is coarse: no time is shorter, in milliseconds. */
const INSTANT = 0.01;
/** Who has not answered the first mark after so many milliseconds is not waited for. */
const PATIENCE = 1_000;

/**
 * How much all streams together may have on the way to one peer. What has been sent stands before every answer that comes
 * later: without this, a call beside a thousand streams waits for a thousand windows.
 *
 * Now and then a mark follows what was sent, and the peer says at once when it has read it. So it is known how much arrives in
 * a time, and how long the way takes when it is empty; twice their product is enough to keep the way busy, and more would
 * only wait on it. One who answers no marks is not waited for.
 */
export class Pacer {
  private readonly marks = new Queue<Mark>();
  /** Bytes since the beginning. */
  private sent = 0;
  private marked = 0;
  private arrived = 0;
  /** The numbers of the marks that are on their way. */
  private first = 0;
  private next = 0;
  private limit = 4 * LEAST;
  /** Bytes in a millisecond. */
  private rate = 0;
  /** In milliseconds: how long an empty way takes, and when that was found. */
  private shortest = Number.POSITIVE_INFINITY;
  private found = 0;
  private heard: number = time();
  /** Nothing leaves until the way is empty; then the next message is marked at once. */
  private emptying = false;
  private empty = true;
  /** The peer answers no marks. */
  private silent = false;
  private patience: Timer | undefined;

  /** `opened` is called when more may be sent, and nothing has come that would show it. */
  constructor(
    private readonly session: Session,
    private readonly opened: () => void,
  ) {}

  /** Whether more may be sent. */
  get isOpen(): boolean {
    return this.silent || (!this.emptying && this.sent - this.arrived < this.limit);
  }

  /** So much has been sent. */
  add(bytes: number): void {
    this.sent += bytes;
    if (!this.silent && (this.empty || this.sent - this.marked >= this.limit / 4)) this.mark();
  }

  private mark(): void {
    const { sent, arrived, heard: since, empty: alone } = this;
    this.marked = sent;
    this.empty = false;
    this.marks.push({ sent, arrived, since, at: time(), alone });
    if (this.next === 0) this.patience = setTimer(PATIENCE, () => this.giveUp()).unref();
    this.session.tell(NEXT, [null, this.next++]);
  }

  private giveUp(): void {
    this.silent = true;
    this.opened();
  }

  /** The peer has read a mark. Gives false for one that is not the next. */
  read(mark: number): boolean {
    const come = mark === this.first ? this.marks.shift() : undefined;
    if (come === undefined) return false;
    if (this.first++ === 0) clearTimer(this.patience);
    this.silent = false;
    this.arrived = come.sent;
    this.measure(come, time());
    if (this.emptying) this.leave();
    else if (this.heard - this.found > Math.max(BELIEVED, TIMES * this.shortest)) {
      this.emptying = true;
      this.leave();
    } else if (!this.isOpen && this.marks.length === 0) this.mark();
    return true;
  }

  /** Nothing more will come. */
  end(): void {
    clearTimer(this.patience);
  }

  private measure({ sent, arrived, since, at, alone }: Mark, now: number): void {
    const took = Math.max(now - at, INSTANT);
    if (alone || took < this.shortest) {
      this.shortest = took;
      this.found = now;
    }
    this.heard = now;
    this.rate = Math.max((sent - arrived) / Math.max(now - since, INSTANT), this.rate * 0.95);
    this.limit = Math.min(MOST, Math.max(LEAST, 2 * this.rate * this.shortest));
  }

  /** Waits until everything has arrived. */
  private leave(): void {
    if (this.marks.length > 0) return;
    if (this.marked < this.sent) this.mark();
    else {
      this.emptying = false;
      this.empty = true;
    }
  }
}
