import { UsageError } from '../../contract/errors.js';
import type { Limits } from '../../contract/limits.js';

/** How much of a stream may be in flight: sent, and not yet taken by the consumer. */
export interface Window {
  readonly items: number;
  /** The length of the frames. A single item may be larger, and is sent alone then. */
  readonly bytes: number;
}

const DEFAULT: Window = Object.freeze({ items: 256, bytes: 256 * 1024 });

/** The window of a call. Throws a UsageError for one that exceeds the limits of its side; the default is reduced to them. */
export function windowOf(wanted: Partial<Window> | undefined, limits: Limits): Window {
  const usual = smallerWindow(DEFAULT, limits);
  if (wanted === undefined) return usual;
  const { items = usual.items, bytes = usual.bytes } = wanted;
  if (items > limits.streamItems || bytes > limits.streamBytes) {
    throw new UsageError(
      `a window of ${items} items and ${bytes} bytes exceeds the limits streamItems (${limits.streamItems}) and streamBytes (${limits.streamBytes}): use a smaller window, or raise the limits`,
    );
  }
  return { items, bytes };
}

/** A window, reduced to the limits of a side. */
export function smallerWindow({ items, bytes }: Window, { streamItems, streamBytes }: Limits): Window {
  return { items: Math.min(items, streamItems), bytes: Math.min(bytes, streamBytes) };
}

/** Messages that are counted together. */
interface SentGroup {
  items: number;
  bytes: number;
  next: SentGroup | undefined;
}

/** Small messages are counted together up to this part of a window. */
const GROUP_PART = 1 / 8;

/**
 * What is in flight of a stream, as its producer counts it: items are taken in the order in which they were sent. Small messages are
 * counted together: with a thousand slow streams, an object for each message until its item is taken would burden the garbage collector.
 */
export class ItemsInFlight {
  items = 0;
  bytes = 0;
  private first: SentGroup | undefined;
  private last: SentGroup | undefined;

  constructor(readonly window: Window) {}

  /** How many more items may be sent now. */
  get room(): number {
    return this.bytes < this.window.bytes ? this.window.items - this.items : 0;
  }

  /** Counts a message that was sent. */
  add(items: number, bytes: number): void {
    this.items += items;
    this.bytes += bytes;
    const { last, window } = this;
    if (
      last !== undefined &&
      last.items + items <= window.items * GROUP_PART &&
      last.bytes + bytes <= window.bytes * GROUP_PART
    ) {
      last.items += items;
      last.bytes += bytes;
      return;
    }
    const sent: SentGroup = { items, bytes, next: undefined };
    if (last === undefined) this.first = sent;
    else last.next = sent;
    this.last = sent;
  }

  /** The consumer has taken so many items. Their bytes are free when all items counted with them are taken. Returns false if fewer are in flight. */
  acknowledge(items: number): boolean {
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
