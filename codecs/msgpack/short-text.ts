const SLOTS = 1024;
const { fromCharCode } = String;

/** Up to this size it is faster to build a text from its bytes one by one. */
export const SHORT = 15;
/** Up to this size it is faster to look a name up. */
export const NAME = 31;

/** The names that were read last, by their hash. A peer controls the entries, so all bytes are compared. */
const known: (string | undefined)[] = new Array<string | undefined>(SLOTS).fill(undefined);

/**
 * The name of a method or field, of up to 31 bytes, or undefined if it is not ASCII. Such names repeat: looking them up
 * instead of building them avoids hashing a new string wherever the name is used.
 */
export function shortName(bytes: Uint8Array, from: number, size: number): string | undefined {
  if (size === 0) return '';
  const middle = bytes[from + (size >> 1)]!;
  const slot = (size * 37 + bytes[from]! * 7 + bytes[from + size - 1]! * 113 + middle * 31) % SLOTS;
  const last = known[slot];
  if (last !== undefined && last.length === size) {
    let same = 0;
    while (same < size && last.charCodeAt(same) === bytes[from + same]) same++;
    if (same === size) return last;
  }
  const text = shortText(bytes, from, size);
  known[slot] = text;
  return text;
}

/**
 * A short text, or undefined if it is not ASCII. With a fixed number of arguments, `fromCharCode` needs neither an
 * array nor a call out of compiled code; a decoder costs several times as much.
 */
export function shortText(bytes: Uint8Array, from: number, size: number): string | undefined {
  if (size === 0) return '';
  const a = bytes[from]!;
  if (size === 1) return a < 0x80 ? fromCharCode(a) : undefined;
  const b = bytes[from + 1]!;
  if (size === 2) return (a | b) < 0x80 ? fromCharCode(a, b) : undefined;
  const c = bytes[from + 2]!;
  if (size === 3) return (a | b | c) < 0x80 ? fromCharCode(a, b, c) : undefined;
  const d = bytes[from + 3]!;
  let bits = a | b | c | d;
  if (size === 4) return bits < 0x80 ? fromCharCode(a, b, c, d) : undefined;
  const e = bytes[from + 4]!;
  bits |= e;
  if (size === 5) return bits < 0x80 ? fromCharCode(a, b, c, d, e) : undefined;
  const f = bytes[from + 5]!;
  bits |= f;
  if (size === 6) return bits < 0x80 ? fromCharCode(a, b, c, d, e, f) : undefined;
  const g = bytes[from + 6]!;
  bits |= g;
  if (size === 7) return bits < 0x80 ? fromCharCode(a, b, c, d, e, f, g) : undefined;
  const h = bytes[from + 7]!;
  bits |= h;
  if (bits >= 0x80) return undefined;
  const head = fromCharCode(a, b, c, d, e, f, g, h);
  const tail = shortText(bytes, from + 8, size - 8);
  return tail === undefined ? undefined : head + tail;
}
