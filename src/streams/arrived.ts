import { weigh } from './weight.js';
import type { Window } from './window.js';

/** The items of one message. */
interface Chunk {
  readonly items: readonly unknown[];
  /** The size of the frame that has brought it, with whatever else was in that. */
  readonly size: number;
  /** The same until it is weighed, which is dear; then at least how many bytes the items are. */
  bytes: number;
}

const NONE: readonly unknown[] = [];
/** From so many chunks on, those that are empty make room. */
const MANY = 256;

/** The items of a stream that have come and were not taken yet: bounded by the window that was granted. */
export class Arrived {
  /** How many items wait. */
  length = 0;
  /** The sizes of the frames whose items have all been taken. */
  emptied = 0;
  private items: readonly unknown[] = NONE;
  private at = 0;
  private chunks: Chunk[] = [];
  private head = 0;
  private weighed = 0;
  private bytes = 0;

  constructor(private readonly window: Window) {}

  /** Keeps what has come. Gives false, and keeps nothing, if that many bytes wait already that nothing more may come. */
  push(items: readonly unknown[], size: number): boolean {
    if (items.length === 0) return true;
    if (this.bytes >= this.window.bytes) this.weigh();
    if (this.bytes >= this.window.bytes) return false;
    this.bytes += size;
    this.keep({ items, size, bytes: size });
    return true;
  }

  /** Keeps a list that is no part of a window. */
  whole(items: readonly unknown[]): void {
    if (items.length > 0) this.keep({ items, size: 0, bytes: 0 });
  }

  private keep(chunk: Chunk): void {
    this.length += chunk.items.length;
    this.chunks.push(chunk);
    if (this.chunks.length === 1) this.items = chunk.items;
  }

  /** Takes the first item; there must be one. */
  shift(): unknown {
    const item = this.items[this.at++];
    this.length--;
    if (this.at === this.items.length) this.advance();
    return item;
  }

  private advance(): void {
    const { size, bytes } = this.chunks[this.head++] as Chunk;
    this.emptied += size;
    this.bytes -= bytes;
    this.at = 0;
    if (this.head === this.chunks.length) this.clear();
    else {
      if (this.head > MANY && this.head * 2 > this.chunks.length) {
        this.chunks = this.chunks.slice(this.head);
        this.weighed = Math.max(0, this.weighed - this.head);
        this.head = 0;
      }
      this.items = (this.chunks[this.head] as Chunk).items;
    }
  }

  clear(): void {
    this.length = 0;
    this.items = NONE;
    this.at = 0;
    this.chunks = [];
    this.head = 0;
    this.weighed = 0;
    this.bytes = 0;
  }

  /** A frame may hold much else: what the items themselves are is found out where it matters. */
  private weigh(): void {
    for (let at = Math.max(this.head, this.weighed); at < this.chunks.length; at++) {
      const chunk = this.chunks[at] as Chunk;
      const bytes = Math.min(chunk.size, weigh(chunk.items, this.window.bytes));
      this.bytes += bytes - chunk.bytes;
      chunk.bytes = bytes;
    }
    this.weighed = this.chunks.length;
  }
}
