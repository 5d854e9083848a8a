import { ProtocolError } from '../../contract/errors.js';
import type { Items } from '../../types/method.js';
import { ArrivedItems } from './arrived-items.js';
import type { Window } from './window.js';

/** The call whose reply is the stream, as its consumer sees it. */
export interface StreamRequest {
  /** Names the stream in logs. */
  readonly title: string;
  /** Reports to the producer that so many more items were taken. */
  pull(items: number): void;
  /** Cancels the call: no more items are wanted. */
  cancelStream(): void;
  /** Whether an item is awaited has changed. */
  awaitItem(waits: boolean): void;
}

type Result = IteratorResult<unknown, undefined>;

interface Waiting {
  resolve(result: Result): void;
  reject(error: unknown): void;
  next: Waiting | undefined;
}

/**
 * The items of a stream, as its caller gets them: in order, and an error after the items before it. The producer learns in portions
 * how many were taken; so a stream that nobody reads stops its producer when the window is full.
 */
export class StreamConsumer implements Items<unknown> {
  /** Errors end the stream, and do not reject. */
  ignoresErrors = false;
  request: StreamRequest | undefined;
  private readonly arrived: ArrivedItems;
  /** The pending calls of `next()`; there is seldom more than one. */
  private first: Waiting | undefined;
  private last: Waiting | undefined;
  /** Items have arrived separately: the reply can no longer be a list of all items. */
  private hasReceived = false;
  /** No more items will arrive. */
  private isOver = false;
  private failure: { readonly reason: unknown } | undefined;
  /** How many items have arrived that were not reported to the producer as taken. */
  private unacknowledged = 0;
  private taken = 0;
  private readonly acknowledgeAt: number;

  /** `start` is called with the first `next()`; the stream fails with what it throws. */
  constructor(
    private readonly window: Window,
    private start?: () => void,
  ) {
    this.arrived = new ArrivedItems(window);
    this.acknowledgeAt = Math.max(1, window.items / 2);
  }

  // ---- from the producer --------------------------------------------------------------------------------------------

  /** The call was sent. */
  attach(request: StreamRequest): void {
    this.request = request;
  }

  /** Takes items that have arrived in a frame of this size. Throws a ProtocolError for more than the window allows. */
  receive(items: readonly unknown[], size: number): void {
    if (this.isOver) return;
    if (this.unacknowledged + items.length > this.window.items || !this.arrived.push(items, size)) {
      throw new ProtocolError(
        `the producer of a stream sends more than its window of ${this.window.items} items and ${this.window.bytes} bytes allows`,
      );
    }
    if (items.length > 0) this.hasReceived = true;
    this.unacknowledged += items.length;
    this.deliver();
  }

  /** The reply has arrived: null, or the list of all items from a peer that does not support streams. */
  end(value: unknown): void {
    if (this.isOver) return;
    if (Array.isArray(value) && !this.hasReceived) {
      this.isOver = true;
      this.arrived.appendList(value);
      this.deliver();
    } else if (value !== null && value !== undefined) {
      this.fail(new ProtocolError(unexpectedReply(value)));
      return;
    }
    this.isOver = true;
    this.finish();
  }

  /** The stream has failed. One `next()` rejects, after the items that have arrived before. */
  fail(reason: unknown): void {
    if (this.isOver) return;
    this.isOver = true;
    if (!this.ignoresErrors) {
      const first = this.nextWaiting();
      if (first === undefined) this.failure = { reason };
      else first.reject(reason);
    }
    this.finish();
  }

  /** Drops the items that were not taken. */
  discardItems(): void {
    this.arrived.clear();
  }

  /** Resolves pending calls of `next()` with items that are there. */
  private deliver(): void {
    if (this.first === undefined) return;
    while (this.first !== undefined && this.arrived.length > 0) {
      this.nextWaiting()?.resolve({ done: false, value: this.take() });
    }
    this.request?.awaitItem(this.first !== undefined);
  }

  private wait(one: Waiting): void {
    if (this.last === undefined) this.first = one;
    else this.last.next = one;
    this.last = one;
  }

  private nextWaiting(): Waiting | undefined {
    const { first } = this;
    if (first === undefined) return undefined;
    this.first = first.next;
    if (this.first === undefined) this.last = undefined;
    first.next = undefined;
    return first;
  }

  private finish(): void {
    for (let one = this.nextWaiting(); one !== undefined; one = this.nextWaiting()) {
      one.resolve({ done: true, value: undefined });
    }
  }

  // ---- from the application ---------------------------------------------------------------------------------

  next(): Promise<Result> {
    if (this.arrived.length > 0) return Promise.resolve({ done: false, value: this.take() });
    const { failure } = this;
    if (failure !== undefined) {
      this.failure = undefined;
      return Promise.reject(failure.reason);
    }
    if (this.isOver) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.wait({ resolve, reject, next: undefined });
      this.callStart();
      this.request?.awaitItem(true);
    });
  }

  return(): Promise<Result> {
    this.cancel();
    return Promise.resolve({ done: true, value: undefined });
  }

  throw(error?: unknown): Promise<Result> {
    this.cancel();
    return Promise.reject(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cancel();
  }

  private callStart(): void {
    const { start } = this;
    this.start = undefined;
    try {
      start?.();
    } catch (error) {
      this.fail(error);
    }
  }

  private take(): unknown {
    const item = this.arrived.shift();
    // Of the bytes, a quarter: implementations count them differently.
    if (++this.taken >= this.acknowledgeAt || this.arrived.consumedBytes * 4 >= this.window.bytes) this.pull();
    return item;
  }

  private pull(): void {
    const { taken } = this;
    this.taken = 0;
    this.arrived.consumedBytes = 0;
    if (this.isOver) return;
    this.unacknowledged -= taken;
    this.request?.pull(taken);
  }

  /** The consumer has stopped. */
  private cancel(): void {
    this.arrived.clear();
    this.failure = undefined;
    this.start = undefined;
    if (!this.isOver) {
      this.isOver = true;
      this.request?.cancelStream();
    }
    this.finish();
  }
}

function unexpectedReply(value: unknown): string {
  if (Array.isArray(value))
    return 'the reply to a stream was a list although items had arrived before: send items by rpc.next, or all of them in one list as the reply';
  const what = typeof value === 'object' ? 'an object' : `a ${typeof value}`;
  return `the reply to a stream must be null after its items, or one list of all items, not ${what}`;
}
