import { weigh } from './weigh.js';
import type { Window } from './window.js';

/** The items of one message. */
interface Chunk {
  readonly items: readonly unknown[];
  /** The size of the frame in which it arrived, including other messages in it. */
  readonly size: number;
  /** The same until it is weighed, which is expensive; then a lower bound of the bytes of the items. */
  bytes: number;
  next: Chunk | undefined;
}

const NONE: readonly unknown[] = [];

/** The items of a stream that have arrived and were not taken: bounded by the window of the stream. */
export class ArrivedItems {
  /** How many items there are. */
  length = 0;
  /** The sum of the sizes of the frames whose items have all been taken. Its owner resets it. */
  consumedBytes = 0;
  /** The items of the first chunk, and the index of the next one. */
  private items: readonly unknown[] = NONE;
  private at = 0;
  private first: Chunk | undefined;
  private last: Chunk | undefined;
  /** The first chunk that was not weighed. */
  private unweighed: Chunk | undefined;
  private bytes = 0;

  constructor(private readonly window: Window) {}

  /** Adds items that have arrived. Returns false, and adds nothing, if the bytes of the window are used up already. */
  push(items: readonly unknown[], size: number): boolean {
    if (items.length === 0) return true;
    if (this.bytes >= this.window.bytes) this.weigh();
    if (this.bytes >= this.window.bytes) return false;
    this.bytes += size;
    this.append({ items, size, bytes: size, next: undefined });
    return true;
  }

  /** Adds a list that does not count against the window. */
  appendList(items: readonly unknown[]): void {
    if (items.length > 0) this.append({ items, size: 0, bytes: 0, next: undefined });
  }

  private append(chunk: Chunk): void {
    this.length += chunk.items.length;
    if (this.last === undefined) {
      this.first = chunk;
      this.items = chunk.items;
    } else this.last.next = chunk;
    this.last = chunk;
    this.unweighed ??= chunk;
  }

  /** Removes and returns the first item; there must be one. */
  shift(): unknown {
    const item = this.items[this.at++];
    this.length--;
    if (this.at === this.items.length) this.advance();
    return item;
  }

  private advance(): void {
    const gone = this.first as Chunk;
    this.consumedBytes += gone.size;
    this.bytes -= gone.bytes;
    this.at = 0;
    this.first = gone.next;
    // An old chunk that is garbage would keep young ones alive in a collection of the young generation.
    gone.next = undefined;
    if (this.first === undefined) this.clear();
    else {
      this.items = this.first.items;
      if (this.unweighed === gone) this.unweighed = this.first;
    }
  }

  clear(): void {
    this.length = 0;
    this.items = NONE;
    this.at = 0;
    this.first = this.last = this.unweighed = undefined;
    this.bytes = 0;
  }

  /** A frame may contain other messages: the items themselves are weighed only where that matters. */
  private weigh(): void {
    for (let chunk = this.unweighed; chunk !== undefined; chunk = chunk.next) {
      const bytes = Math.min(chunk.size, weigh(chunk.items, this.window.bytes));
      this.bytes += bytes - chunk.bytes;
      chunk.bytes = bytes;
    }
    this.unweighed = undefined;
  }
}
