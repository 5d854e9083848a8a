import type { Call, Id } from './contract.js';
import { Code, ProtocolError } from './errors.js';
import { Queue } from './queue.js';
import type { Session } from './session.js';

/** How many times `queuedCalls` may wait where the link cannot be paused, or reads on for our sake, before it is cut. */
const OVERFLOW = 16;

interface Waiting {
  readonly call: Call;
  readonly bytes: number;
}

/**
 * What a peer has asked and has not been answered yet: what is at work, what waits for its turn, and when to stop reading.
 *
 * Answers are always read, so that a handler may await a call to the very peer that called it. Hence reading pauses only
 * while nothing of ours awaits an answer there; while something does, requests beyond the bound are answered as busy.
 */
export class Intake {
  private readonly ids = new Set<Id>();
  private readonly waiting = new Queue<Waiting>();
  private bytes = 0;
  private running = 0;
  private paused = false;
  /** The peer does not read what we send. */
  private deaf = false;

  constructor(private readonly session: Session) {}

  get idle(): boolean {
    return this.running === 0 && this.waiting.length === 0;
  }

  /** Whether a call may start at once: there is room, and none waits before it. */
  get free(): boolean {
    return this.mayStart && this.waiting.length === 0;
  }

  /** Nothing begins whose answer would find a peer that does not read. */
  private get mayStart(): boolean {
    return this.running < this.session.host.concurrency && !this.deaf;
  }

  /** Whether a call with this id is at work or waits. */
  holds(id: Id): boolean {
    return this.ids.has(id);
  }

  /** A call is at work until its promise settles. */
  work(call: Call, answer: Promise<unknown>): void {
    const { session } = this;
    this.running++;
    if (call.id !== undefined) this.ids.add(call.id);
    answer.then(
      (value) => {
        this.done(call);
        session.answers.succeed(call, value);
        this.next();
      },
      (error: unknown) => {
        this.done(call);
        session.answers.fail(call, error);
        this.next();
      },
    );
  }

  private done(call: Call): void {
    this.running--;
    if (call.id !== undefined) this.ids.delete(call.id);
  }

  /** A call waits for its turn; `bytes` is what it brings. */
  queue(call: Call, bytes: number): void {
    const { session, waiting } = this;
    if (this.isFull(1)) {
      if (call.id !== undefined && session.waiting > 0) {
        session.answers.deny(call, new ProtocolError(`busy: ${waiting.length} calls wait already`, Code.Busy));
        return;
      }
      if (this.isOver()) {
        session.end(new ProtocolError(`${waiting.length} calls wait, and the peer goes on calling`, Code.Busy));
        return;
      }
    }
    waiting.push({ call, bytes });
    this.bytes += bytes;
    if (call.id !== undefined) this.ids.add(call.id);
    this.judge();
  }

  /** Whether as much waits as that part of the bounds. */
  private isFull(part: number): boolean {
    const { queuedCalls, bufferedBytes } = this.session.host.limits;
    return this.waiting.length >= part * queuedCalls || this.bytes >= part * bufferedBytes;
  }

  private isOver(): boolean {
    const { queuedCalls, bufferedBytes } = this.session.host.limits;
    return this.waiting.length >= OVERFLOW * queuedCalls || this.bytes >= 2 * bufferedBytes;
  }

  private next(): void {
    const { session } = this;
    while (this.mayStart && session.over === undefined) {
      const waiting = this.waiting.shift();
      if (waiting === undefined) break;
      const { call, bytes } = waiting;
      this.bytes -= bytes;
      if (call.id !== undefined) this.ids.delete(call.id);
      session.start(call);
    }
    this.judge();
    session.rest();
  }

  /** We have called the peer: its answer must be read. */
  awaiting(): void {
    if (this.paused) this.judge();
  }

  /** The peer leaves unread what we send, or reads again. */
  crowded(crowded: boolean): void {
    this.deaf = crowded;
    if (crowded) this.judge();
    else this.next();
  }

  /** Whether to read on. */
  judge(): void {
    const { session } = this;
    const pause = (this.isFull(this.paused ? 0.5 : 1) || this.deaf) && session.waiting === 0;
    if (pause === this.paused || session.over !== undefined) return;
    this.paused = pause;
    if (pause) session.hold();
    else session.release();
  }

  /** Nothing that waits will start. */
  end(): void {
    this.waiting.clear();
    this.bytes = 0;
    this.ids.clear();
  }
}
