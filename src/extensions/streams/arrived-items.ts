import { weigh } from './weigh.js';
import type { Window } from './window.js';

/** The items of one message. */
interface Chunk {
  readonly items: readonly unknown[];
  /** The size of the frame that has brought it, with whatever else was in that. */
  readonly size: number;
  /** The same until it is weighed, which is dear; then at least how many bytes the items are. */
  bytes: number;
  next: Chunk | undefined;
}

const NONE: readonly unknown[] = [];

/** The items of a stream that have come and were not taken yet: bounded by the window that was granted. */
export class ArrivedItems {
  /** How many items wait. */
  length = 0;
  /** The sizes of the frames whose items have all been taken. */
  emptied = 0;
  /** Those of the first chunk, and which of them is next. */
  private items: readonly unknown[] = NONE;
  private at = 0;
  private first: Chunk | undefined;
  private last: Chunk | undefined;
  /** The first one that was not weighed. */
  private unweighed: Chunk | undefined;
  private bytes = 0;

  constructor(private readonly window: Window) {}

  /** Keeps what has come. Gives false, and keeps nothing, if that many bytes wait already that nothing more may come. */
  push(items: readonly unknown[], size: number): boolean {
    if (items.length === 0) return true;
    if (this.bytes >= this.window.bytes) this.weigh();
    if (this.bytes >= this.window.bytes) return false;
    this.bytes += size;
    this.keep({ items, size, bytes: size, next: undefined });
    return true;
  }

  /** Keeps a list that is no part of a window. */
  whole(items: readonly unknown[]): void {
    if (items.length > 0) this.keep({ items, size: 0, bytes: 0, next: undefined });
  }

  private keep(chunk: Chunk): void {
    this.length += chunk.items.length;
    if (this.last === undefined) {
      this.first = chunk;
      this.items = chunk.items;
    } else this.last.next = chunk;
    this.last = chunk;
    this.unweighed ??= chunk;
  }

  /** Takes the first item; there must be one. */
  shift(): unknown {
    const item = this.items[this.at++];
    this.length--;
    if (this.at === this.items.length) this.advance();
    return item;
  }

  private advance(): void {
    const gone = this.first as Chunk;
    this.emptied += gone.size;
    this.bytes -= gone.bytes;
    this.at = 0;
    this.first = gone.next;
    // What is old and gone would keep what is young alive, for the collector that looks at the young alone.
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

  /** A frame may hold much else: what the items themselves are is found out where it matters. */
  private weigh(): void {
    for (let chunk = this.unweighed; chunk !== undefined; chunk = chunk.next) {
      const bytes = Math.min(chunk.size, weigh(chunk.items, this.window.bytes));
      this.bytes += bytes - chunk.bytes;
      chunk.bytes = bytes;
    }
    this.unweighed = undefined;
  }
}
