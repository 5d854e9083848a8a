import { Code, ProtocolError } from '../../../src/contract/errors.js';

/** The byte that the specification never uses. */
export const NEVER = 0xc1;
/** From this token on, the size after it counts values: of arrays, and of maps twice as many. */
export const ARRAYS = 0xdc;
/** From this token on, the size counts pairs. */
export const MAPS = 0xde;

/** The number of size bytes after each token. */
export const wide = new Uint8Array(256);
/** The number of bytes after each token and its size, besides the announced ones. */
export const fixed = new Uint8Array(256);
/** The number of values after each token that has no size. */
export const more = new Uint8Array(256);

for (let low = 0; low < 16; low++) {
  more[0x80 + low] = 2 * low;
  more[0x90 + low] = low;
}
for (let size = 0; size < 32; size++) fixed[0xa0 + size] = size;
wide.set([1, 2, 4, 1, 2, 4], 0xc4);
fixed.set([1, 1, 1, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17], 0xc7);
wide.set([1, 2, 4, 2, 4, 2, 4], 0xd9);

/** The size in bytes of a value that its token alone determines and that contains no others; 0 for any other. */
export const leaves = fixed.map((size, token) => (wide[token] || more[token] || token === NEVER ? 0 : 1 + size));

/** For bytes that are not MessagePack, so that the start of the next value is unknown. */
function malformed(what: string): ProtocolError {
  return new ProtocolError(`this is not MessagePack: ${what}`, Code.ParseError);
}

/**
 * Where the value at a position ends, without reading it, however deep it is nested. Throws a ProtocolError if it is
 * cut off or not MessagePack.
 */
export function endOfValue(bytes: Uint8Array, from: number): number {
  let at = from;
  for (let todo = 1; todo > 0; todo--) {
    const token = bytes[at] ?? NEVER;
    if (token === NEVER)
      throw malformed(at < bytes.length ? 'the byte c1 does not begin a value' : 'it ends inside a value');
    const width = wide[token]!;
    let size = 0;
    for (let i = 1; i <= width; i++) size = size * 256 + (bytes[at + i] ?? 0);
    at += 1 + width + fixed[token]!;
    if (token < ARRAYS || width === 0) {
      at += size;
      todo += more[token]!;
    } else todo += token < MAPS ? size : 2 * size;
  }
  if (at > bytes.length) throw malformed('it ends inside a value');
  return at;
}
