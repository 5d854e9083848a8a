const SLOTS = 1024;

/** The last short texts that were read, by their hash. A peer can put into it what it likes: all bytes are compared. */
const cache: (string | undefined)[] = new Array<string | undefined>(SLOTS).fill(undefined);

/**
 * A text of less than 16 bytes, or undefined if it is not ASCII. Names of methods and of fields come again and again: they
 * are found rather than made, which also spares V8 the internalizing of a new key.
 */
export function shortText(bytes: Uint8Array, from: number, size: number): string | undefined {
  if (size === 0) return '';
  const hash = (size * 37 + bytes[from]! * 7 + bytes[from + size - 1]! * 113 + bytes[from + (size >> 1)]! * 31) % SLOTS;
  const known = cache[hash];
  if (known !== undefined && known.length === size) {
    let same = 0;
    while (same < size && known.charCodeAt(same) === bytes[from + same]) same++;
    if (same === size) return known;
  }
  let bits = 0;
  for (let at = from; at < from + size; at++) bits |= bytes[at]!;
  if (bits >= 0x80) return undefined;
  const text = ascii(bytes, from, size);
  cache[hash] = text;
  return text;
}

const { fromCharCode } = String;

/** With a fixed number of arguments, `fromCharCode` needs no array and no call out of the compiled code. */
function ascii(b: Uint8Array, i: number, size: number): string {
  switch (size) {
    case 0:
      return '';
    case 1:
      return fromCharCode(b[i]!);
    case 2:
      return fromCharCode(b[i]!, b[i + 1]!);
    case 3:
      return fromCharCode(b[i]!, b[i + 1]!, b[i + 2]!);
    case 4:
      return fromCharCode(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!);
    case 5:
      return fromCharCode(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!);
    case 6:
      return fromCharCode(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!);
    case 7:
      return fromCharCode(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!);
    default: {
      const head = fromCharCode(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!, b[i + 7]!);
      return size === 8 ? head : head + ascii(b, i + 8, size - 8);
    }
  }
}
