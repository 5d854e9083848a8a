import { isMap, isSet } from '../../base/kinds.js';
import { Code, ProtocolError } from '../../contract/errors.js';

/*
 * Text and bytes have no way to say that an object occurs twice: a codec writes it out each time. So a small value can be a large
 * message, and one that holds the same object twice on each of forty levels can never be written. How large a value becomes is
 * found by looking at each object once.
 */

/** An object whose size is being found. */
interface Open {
  readonly object: object;
  readonly items: readonly unknown[];
  at: number;
  bytes: number;
}

/**
 * Throws a ProtocolError, too large, for values that are more than `most` bytes when they are written, each object as often as it
 * occurs. Counts fewer bytes rather than more. Nothing is thrown for what holds itself: no codec writes that.
 */
export function mustFitWritten(values: unknown, most: number): void {
  if (writtenSize(values) > most) {
    const text = `the message is larger than ${most} bytes: the same objects occur in it many times, and the codec writes them each time`;
    throw new ProtocolError(text, Code.TooLarge);
  }
}

/** At least how many bytes values are when they are written. Without recursion: they may be nested deeper than the stack is. */
function writtenSize(values: unknown): number {
  const sizes = new Map<object, number>();
  const root: Open = { object: {}, items: [values], at: 0, bytes: 0 };
  const open = [root];
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    if (top.at === top.items.length) {
      open.pop();
      sizes.set(top.object, top.bytes);
      const holder = open.at(-1);
      if (holder !== undefined) holder.bytes += top.bytes;
      continue;
    }
    const item = top.items[top.at++];
    if (typeof item === 'string') top.bytes += item.length;
    if (typeof item !== 'object' || item === null) top.bytes++;
    else {
      const known = sizes.get(item);
      if (known !== undefined) top.bytes += known;
      else {
        // One that is met again before it is done holds itself.
        sizes.set(item, 0);
        open.push({ object: item, items: itemsOf(item), at: 0, bytes: 1 });
      }
    }
  }
  return root.bytes;
}

function itemsOf(object: object): readonly unknown[] {
  try {
    if (Array.isArray(object)) return object;
    if (ArrayBuffer.isView(object) || typeof (object as { toJSON?: unknown }).toJSON === 'function') return [];
    if (isMap(object)) return [...object].flat();
    if (isSet(object)) return [...object];
    return Object.entries(object).flat();
  } catch {
    // The codec runs into the same, and throws.
    return [];
  }
}
