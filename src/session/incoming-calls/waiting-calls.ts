import { Queue } from '../../base/queue.js';
import type { Call, Limits } from '../../contract/contract.js';

/** How many times `queuedCalls` may wait where the link cannot be paused, or reads on for our sake, before it is cut. */
const OVERFLOW = 16;

/** A call that waits. */
export interface WaitingCall {
  readonly call: Call;
  /** What it has brought. */
  readonly bytes: number;
}

/** The calls of one peer that wait for their turn, in order, and the bounds on them. Calls of references have a queue of their own. */
export class WaitingCalls {
  readonly calls = new Queue<WaitingCall>();
  readonly callbacks = new Queue<WaitingCall>();
  private readonly cancelled = new WeakSet<Call>();
  private bytes = 0;

  constructor(private readonly limits: Limits) {}

  /** How many calls wait. */
  get length(): number {
    return this.calls.length + this.callbacks.length;
  }

  push(call: Call, bytes: number, isCallback: boolean): void {
    (isCallback ? this.callbacks : this.calls).push({ call, bytes });
    this.bytes += bytes;
  }

  /** One of them was taken out of its queue. */
  taken({ bytes }: WaitingCall): void {
    this.bytes -= bytes;
  }

  /** It keeps its place, and does not start. */
  cancel(call: Call): void {
    this.cancelled.add(call);
  }

  isCancelled(call: Call): boolean {
    return this.cancelled.has(call);
  }

  /** Whether as much waits as that part of the bounds. */
  isFull(part: number): boolean {
    const { queuedCalls, bufferedBytes } = this.limits;
    return this.length >= part * queuedCalls || this.bytes >= part * bufferedBytes;
  }

  /** Whether so much waits that the link is cut. */
  get isOver(): boolean {
    const { queuedCalls, bufferedBytes } = this.limits;
    return this.length >= OVERFLOW * queuedCalls || this.bytes >= 2 * bufferedBytes;
  }

  clear(): void {
    this.calls.clear();
    this.callbacks.clear();
    this.bytes = 0;
  }
}
