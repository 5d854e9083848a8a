import { Queue } from '../../base/queue.js';

/** The calls of one peer that wait for a place of the side. */
export interface WaitingQueue {
  /** Whether it waits here already. */
  waitsForSide: boolean;
  /** Starts what may start: `SideTurns.admits` is asked for each call. */
  next(): void;
}

/**
 * The bound on the calls that run at a time for all peers of a side (`concurrency.all`). Above it, the peers take turns: each may start one
 * call, then the next peer may. Calls that were cancelled, and whose handlers go on, count against a second bound of the same size, so
 * that they do not stop the others; with a bound of 1, calls run one after the other all the same.
 */
export class SideTurns {
  private running = 0;
  private cancelled = 0;
  private readonly waiting = new Queue<WaitingQueue>();
  /** Whose turn it is. */
  private current: WaitingQueue | undefined;
  private isTaking = false;

  constructor(private readonly most: number) {}

  /** How many peers wait. */
  get length(): number {
    return this.waiting.length;
  }

  /** Whether a call may start at once: there is a place, and nobody waits for it. */
  get isFree(): boolean {
    return this.hasRoom && this.waiting.length === 0;
  }

  private get hasRoom(): boolean {
    const spared = this.most === 1 ? 0 : Math.min(this.cancelled, this.most);
    return this.running - spared < this.most;
  }

  /** Whether a call of this queue may start now. If not, the queue waits for its turn. */
  admits(queue: WaitingQueue): boolean {
    const isTurn = this.hasRoom && (queue === this.current || this.waiting.length === 0);
    this.current = undefined;
    if (!isTurn) this.wait(queue);
    return isTurn;
  }

  /** A call of this queue waits. */
  wait(queue: WaitingQueue): void {
    if (queue.waitsForSide) return;
    queue.waitsForSide = true;
    this.waiting.push(queue);
  }

  /** A call has started, and runs for longer than this turn of the event loop. */
  enter(): void {
    this.running++;
  }

  /** Its handler has ended. */
  leave(wasCancelled: boolean): void {
    this.running--;
    if (wasCancelled) this.cancelled--;
  }

  /** A running call was cancelled. */
  cancel(): void {
    this.cancelled++;
  }

  /** Lets the peers that wait start calls in the places that are free. */
  next(): void {
    if (this.isTaking) return;
    this.isTaking = true;
    while (this.hasRoom) {
      const queue = this.waiting.shift();
      if (queue === undefined) break;
      queue.waitsForSide = false;
      this.current = queue;
      queue.next();
      this.current = undefined;
    }
    this.isTaking = false;
  }
}
