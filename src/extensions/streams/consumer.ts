import { ProtocolError } from '../../contract/errors.js';
import type { Items } from '../../types/method.js';
import { ArrivedItems } from './arrived-items.js';
import type { Window } from './window.js';

/** The other end of a stream, as its consumer sees it. */
export interface Upstream {
  /** Which stream it is, for people. */
  readonly title: string;
  /** So many items more were taken. */
  pull(items: number): void;
  /** Nobody wants more. */
  leave(): void;
  /** Somebody waits for an item, or nobody does any more. */
  awaited(waits: boolean): void;
}

type Result = IteratorResult<unknown, undefined>;

interface Waiting {
  resolve(result: Result): void;
  reject(error: unknown): void;
  next: Waiting | undefined;
}

/**
 * The items of a stream, as its caller gets them: in order, and an error after the items that came before it. What is taken is
 * told to the producer in portions; so one that is forgotten stops its producer, once the window is full.
 */
export class Consumer implements Items<unknown> {
  /** What goes wrong only ends it. */
  quiet = false;
  upstream: Upstream | undefined;
  private readonly arrived: ArrivedItems;
  /** Who waits for an item; there is seldom more than one. */
  private first: Waiting | undefined;
  private last: Waiting | undefined;
  /** Items have come by themselves: a list of them is no answer any more. */
  private begun = false;
  /** Nothing more will come. */
  private over = false;
  private failure: { readonly reason: unknown } | undefined;
  /** How many items have come, or were taken, that the producer has not been told of. */
  private untold = 0;
  private taken = 0;
  private readonly portion: number;

  /** `start` is called when an item is asked for the first time; what it throws is what the stream fails with. */
  constructor(
    private readonly window: Window,
    private start?: () => void,
  ) {
    this.arrived = new ArrivedItems(window);
    this.portion = Math.max(1, window.items / 2);
  }

  // ---- from the producer --------------------------------------------------------------------------------------------

  /** There is somebody to be told. */
  begin(upstream: Upstream): void {
    this.upstream = upstream;
  }

  /** Items have come, in a frame of this size. Throws a ProtocolError for more than the window allows. */
  came(items: readonly unknown[], size: number): void {
    if (this.over) return;
    if (this.untold + items.length > this.window.items || !this.arrived.push(items, size)) {
      throw new ProtocolError(
        `the producer of a stream sends more than its window of ${this.window.items} items and ${this.window.bytes} bytes allows`,
      );
    }
    if (items.length > 0) this.begun = true;
    this.untold += items.length;
    this.hand();
  }

  /** The stream has ended well: with nothing, or with the list of all its items where the other side knows no streams. */
  end(value: unknown): void {
    if (this.over) return;
    if (Array.isArray(value) && !this.begun) {
      this.over = true;
      this.arrived.whole(value);
      this.hand();
    } else if (value !== null && value !== undefined) {
      this.fail(new ProtocolError(wrongAnswer(value)));
      return;
    }
    this.over = true;
    this.finish();
  }

  /** It has failed: that is told once, after the items that have come before. */
  fail(reason: unknown): void {
    if (this.over) return;
    this.over = true;
    if (!this.quiet) {
      const first = this.shift();
      if (first === undefined) this.failure = { reason };
      else first.reject(reason);
    }
    this.finish();
  }

  /** What has come and was not taken is of no use any more. */
  clear(): void {
    this.arrived.clear();
  }

  /** Gives those who wait what is there. */
  private hand(): void {
    if (this.first === undefined) return;
    while (this.first !== undefined && this.arrived.length > 0) {
      this.shift()?.resolve({ done: false, value: this.take() });
    }
    this.upstream?.awaited(this.first !== undefined);
  }

  private wait(one: Waiting): void {
    if (this.last === undefined) this.first = one;
    else this.last.next = one;
    this.last = one;
  }

  private shift(): Waiting | undefined {
    const { first } = this;
    if (first === undefined) return undefined;
    this.first = first.next;
    if (this.first === undefined) this.last = undefined;
    first.next = undefined;
    return first;
  }

  private finish(): void {
    for (let one = this.shift(); one !== undefined; one = this.shift()) {
      one.resolve({ done: true, value: undefined });
    }
  }

  // ---- from whoever takes the items ---------------------------------------------------------------------------------

  next(): Promise<Result> {
    if (this.arrived.length > 0) return Promise.resolve({ done: false, value: this.take() });
    const { failure } = this;
    if (failure !== undefined) {
      this.failure = undefined;
      return Promise.reject(failure.reason);
    }
    if (this.over) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.wait({ resolve, reject, next: undefined });
      this.started();
      this.upstream?.awaited(true);
    });
  }

  return(): Promise<Result> {
    this.drop();
    return Promise.resolve({ done: true, value: undefined });
  }

  throw(error?: unknown): Promise<Result> {
    this.drop();
    return Promise.reject(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.drop();
  }

  private started(): void {
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
    // In bytes a quarter: not everybody counts them alike.
    if (++this.taken >= this.portion || this.arrived.emptied * 4 >= this.window.bytes) this.pull();
    return item;
  }

  private pull(): void {
    const { taken } = this;
    this.taken = 0;
    this.arrived.emptied = 0;
    if (this.over) return;
    this.untold -= taken;
    this.upstream?.pull(taken);
  }

  /** Nobody wants more. */
  private drop(): void {
    this.arrived.clear();
    this.failure = undefined;
    this.start = undefined;
    if (!this.over) {
      this.over = true;
      this.upstream?.leave();
    }
    this.finish();
  }
}

function wrongAnswer(value: unknown): string {
  if (Array.isArray(value))
    return 'a stream was answered by a list after items of it had come: items travel by rpc.next, or in one list as the answer';
  const what = typeof value === 'object' ? 'an object' : `a ${typeof value}`;
  return `a stream is answered by null after its items, or by one list of them, not by ${what}`;
}
