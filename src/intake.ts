import type { Call, Id } from './contract.js';
import { Code, ProtocolError } from './errors.js';
import type { Session } from './session.js';

/** How far beyond `queuedCalls` a queue may grow on a link that cannot be paused, before it is cut. */
const OVERFLOW = 16;

/**
 * What a peer has asked and has not been answered yet: what is at work, what waits for its turn, and when to stop reading.
 *
 * Answers are always read, so that a handler may await a call to the very peer that called it. Hence reading pauses only
 * while nothing of ours awaits an answer there; while something does, requests beyond the bound are answered as busy.
 */
export class Intake {
  private readonly ids = new Set<Id>();
  private waiting: Call[] = [];
  private head = 0;
  private running = 0;
  private paused = false;
  /** The peer does not read what we send. */
  private deaf = false;

  constructor(private readonly session: Session) {}

  get idle(): boolean {
    return this.running === 0 && this.length === 0;
  }

  /** Whether a call may start at once: there is room, and none waits before it. */
  get free(): boolean {
    return this.running < this.session.host.concurrency && this.length === 0;
  }

  /** Whether a call with this id is at work or waits. */
  holds(id: Id): boolean {
    return this.ids.has(id);
  }

  private get length(): number {
    return this.waiting.length - this.head;
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

  /** A call waits for its turn. */
  queue(call: Call): void {
    const { session } = this;
    const { queuedCalls } = session.host.limits;
    if (this.length >= queuedCalls) {
      if (call.id !== undefined && session.waiting > 0) {
        session.answers.deny(call, new ProtocolError(`busy: ${this.length} calls wait already`, Code.Busy));
        return;
      }
      if (this.length >= OVERFLOW * queuedCalls) {
        session.end(new ProtocolError(`${this.length} calls wait, and the peer goes on calling`, Code.Busy));
        return;
      }
    }
    this.waiting.push(call);
    if (call.id !== undefined) this.ids.add(call.id);
    this.judge();
  }

  private next(): void {
    while (this.length > 0 && this.running < this.session.host.concurrency && this.session.over === undefined) {
      const call = this.waiting[this.head] as Call;
      this.head++;
      if (this.head > 1_024 || this.head === this.waiting.length) {
        this.waiting = this.waiting.slice(this.head);
        this.head = 0;
      }
      if (call.id !== undefined) this.ids.delete(call.id);
      this.session.start(call);
    }
    this.judge();
    this.session.rest();
  }

  /** We have called the peer: its answer must be read. */
  awaiting(): void {
    if (this.paused) this.judge();
  }

  /** The peer leaves unread what we send, or reads again. */
  crowded(crowded: boolean): void {
    this.deaf = crowded;
    this.judge();
  }

  private judge(): void {
    const { session } = this;
    const { queuedCalls } = session.host.limits;
    const full = this.length >= (this.paused ? queuedCalls / 2 : queuedCalls);
    const pause = (full || this.deaf) && session.waiting === 0;
    if (pause === this.paused || session.over !== undefined) return;
    this.paused = pause;
    if (pause) session.link.pause();
    else session.link.resume();
  }

  /** Nothing that waits will start. */
  end(): void {
    this.waiting = [];
    this.head = 0;
    this.ids.clear();
  }
}
