import { UsageError } from '../../contract/errors.js';
import type { Limits } from '../../contract/limits.js';

/** How much of a stream may be under way: sent, and not yet taken by the consumer. */
export interface Window {
  readonly items: number;
  /** In the length of the frames that carry them. One item may be larger, and travels alone then. */
  readonly bytes: number;
}

const DEFAULT: Window = Object.freeze({ items: 256, bytes: 256 * 1024 });

/** The window that a caller asks for. Throws a UsageError for one that is beyond the bounds of its side; what nobody asks for is not. */
export function windowOf(asked: Partial<Window> | undefined, limits: Limits): Window {
  const unasked = least(DEFAULT, limits);
  if (asked === undefined) return unasked;
  const { items = unasked.items, bytes = unasked.bytes } = asked;
  if (items > limits.streamItems || bytes > limits.streamBytes) {
    throw new UsageError(
      `a window of ${items} items and ${bytes} bytes is beyond the limits streamItems (${limits.streamItems}) and streamBytes (${limits.streamBytes}): ask for less, or raise these`,
    );
  }
  return { items, bytes };
}

/** The smaller of a window and the bounds. */
export function least({ items, bytes }: Window, { streamItems, streamBytes }: Limits): Window {
  return { items: Math.min(items, streamItems), bytes: Math.min(bytes, streamBytes) };
}

/** Messages that are counted as one. */
interface Sent {
  items: number;
  bytes: number;
  next: Sent | undefined;
}

/** Small messages are counted as one up to this part of a window. */
const PART = 1 / 8;

/**
 * What of a stream is under way, as its producer counts it: items are taken in the order in which they were sent. Small messages
 * are counted together: a note for each, held until its item is taken, would be more than the collector of garbage likes, with a
 * thousand slow streams.
 */
export class UnderWay {
  items = 0;
  bytes = 0;
  private first: Sent | undefined;
  private last: Sent | undefined;

  constructor(readonly window: Window) {}

  /** How many items more may be sent now. */
  get room(): number {
    return this.bytes < this.window.bytes ? this.window.items - this.items : 0;
  }

  /** One message has left. */
  add(items: number, bytes: number): void {
    this.items += items;
    this.bytes += bytes;
    const { last, window } = this;
    if (last !== undefined && last.items + items <= window.items * PART && last.bytes + bytes <= window.bytes * PART) {
      last.items += items;
      last.bytes += bytes;
      return;
    }
    const sent: Sent = { items, bytes, next: undefined };
    if (last === undefined) this.first = sent;
    else last.next = sent;
    this.last = sent;
  }

  /** So many items were taken: their bytes are free once all that is counted with them are. Gives false if there are not so many. */
  free(items: number): boolean {
    if (items > this.items) return false;
    this.items -= items;
    let left = items;
    for (let { first } = this; first !== undefined && left > 0; first = this.first) {
      if (first.items > left) {
        first.items -= left;
        break;
      }
      left -= first.items;
      this.bytes -= first.bytes;
      this.first = first.next;
      first.next = undefined;
    }
    if (this.first === undefined) this.last = undefined;
    return true;
  }
}
