import { Queue } from '../../base/queue.js';
import { clearTimer, setTimer, type Timer, time } from '../../base/time.js';
import type { Session } from '../../session/session.js';
import { NEXT } from '../../session/system/system-names.js';

/** A mark that was sent, and has not been answered. */
interface Mark {
  /** Bytes sent before it, and of these how many were known to have arrived, and when that was known. */
  readonly sent: number;
  readonly arrived: number;
  readonly since: number;
  /** When it was sent, in milliseconds. */
  readonly at: number;
  /** Nothing was in flight but the message before it: its answer measures the round trip of an empty connection. */
  readonly alone: boolean;
}

/** The bytes in flight are never limited to fewer, nor allowed to be more. */
const LEAST_BYTES = 4 * 1024;
const MOST_BYTES = 8 * 1024 * 1024;
/** The measured round trip is valid for so many milliseconds, and for so many round trips. Then it is measured again. */
const VALID_MS = 100;
const VALID_ROUND_TRIPS = 30;
/** The shortest time that is measured, in milliseconds: a clock may be coarse, or stopped. */
const SHORTEST_MS = 0.01;
/** If the first mark is not answered within so many milliseconds, the peer is not paced. */
const MARK_TIMEOUT_MS = 1_000;

/**
 * Limits the bytes that all streams together have in flight to one peer. Whatever is in flight delays every later reply: without
 * a limit, a call beside a thousand streams waits for a thousand windows.
 *
 * From time to time a mark follows what was sent, and the peer answers it as soon as it has read it. That measures how many bytes
 * arrive per millisecond, and the round trip of an empty connection. Twice their product keeps the connection busy; more would only
 * queue. A peer that does not answer marks is not paced.
 */
export class Pacer {
  private readonly marks = new Queue<Mark>();
  /** Bytes in all, since the stream scheduler was made. */
  private sent = 0;
  private marked = 0;
  private arrived = 0;
  /** The numbers of the first mark in flight, and of the next one. */
  private first = 0;
  private next = 0;
  private limit = 4 * LEAST_BYTES;
  /** Bytes per millisecond. */
  private rate = 0;
  /** Of an empty connection, in milliseconds, and when it was measured. */
  private roundTrip = Number.POSITIVE_INFINITY;
  private shortestAt = 0;
  private measuredAt: number = time();
  /** Nothing is sent until everything has arrived; the next message is then followed by a mark at once. */
  private isDraining = false;
  private isDrained = true;
  /** The peer does not answer marks. */
  private isUnanswered: boolean;
  private timer: Timer | undefined;
  /** How many of the marks in flight were sent over an earlier connection: they measure nothing. */
  private stale = 0;

  /** `opened` is called when more may be sent although no message has arrived that shows it. */
  constructor(
    private readonly session: Session,
    private readonly opened: () => void,
  ) {
    // Over a brief link, nothing can be answered.
    this.isUnanswered = session.link.brief === true;
  }

  /** Whether more may be sent. */
  get isOpen(): boolean {
    return this.isUnanswered || (!this.isDraining && this.sent - this.arrived < this.limit);
  }

  /** Counts bytes that were sent. */
  recordSent(bytes: number): void {
    this.sent += bytes;
    if (!this.isUnanswered && (this.isDrained || this.sent - this.marked >= this.limit / 4)) this.mark();
  }

  private mark(): void {
    const { sent, arrived, measuredAt: since, isDrained: alone } = this;
    this.marked = sent;
    this.isDrained = false;
    this.marks.push({ sent, arrived, since, at: time(), alone });
    if (this.next === 0) this.timer = setTimer(MARK_TIMEOUT_MS, () => this.stopWaiting()).unref();
    this.session.sendSystem(NEXT, [null, this.next++]);
  }

  private stopWaiting(): void {
    this.isUnanswered = true;
    this.opened();
  }

  /** The peer has read a mark. Returns false for a mark that is not the next one. */
  markRead(mark: number): boolean {
    const read = mark === this.first ? this.marks.shift() : undefined;
    if (read === undefined) return false;
    if (this.first++ === 0) clearTimer(this.timer);
    this.isUnanswered = false;
    this.arrived = read.sent;
    if (this.stale === 0) this.measure(read, time());
    else {
      this.stale--;
      this.measuredAt = time();
    }
    if (this.isDraining) this.drain();
    else if (this.measuredAt - this.shortestAt > Math.max(VALID_MS, VALID_ROUND_TRIPS * this.roundTrip)) {
      this.isDraining = true;
      this.drain();
    } else if (!this.isOpen && this.marks.length === 0) this.mark();
    return true;
  }

  /** The session continues over another connection, which is measured anew once what was in flight has arrived. */
  restart(): void {
    this.stale = this.marks.length;
    this.roundTrip = Number.POSITIVE_INFINITY;
    this.rate = 0;
    this.limit = 4 * LEAST_BYTES;
    this.isDraining = true;
    this.drain();
  }

  /** The session has ended. */
  end(): void {
    clearTimer(this.timer);
  }

  private measure({ sent, arrived, since, at, alone }: Mark, now: number): void {
    const took = Math.max(now - at, SHORTEST_MS);
    if (alone || took < this.roundTrip) {
      this.roundTrip = took;
      this.shortestAt = now;
    }
    this.measuredAt = now;
    this.rate = Math.max((sent - arrived) / Math.max(now - since, SHORTEST_MS), this.rate * 0.95);
    this.limit = Math.min(MOST_BYTES, Math.max(LEAST_BYTES, 2 * this.rate * this.roundTrip));
  }

  /** Continues to wait until everything has arrived. */
  private drain(): void {
    if (this.marks.length > 0) return;
    if (this.marked < this.sent) this.mark();
    else {
      this.isDraining = false;
      this.isDrained = true;
    }
  }
}
