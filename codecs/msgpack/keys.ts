import { step } from '../../src/base/value-paths.js';
import { isExtension, Type } from '../shared/msgpack/extensions.js';
import { ARRAYS, endOfValue, fixed, MAPS, more, wide } from '../shared/msgpack/tokens.js';
import { unpackAll } from '../shared/msgpack/values.js';

/*
 * A map of MessagePack becomes an object, whose keys are strings. A key that is a number, true, false or nil becomes
 * its text; bytes, arrays, maps and extensions have no text, and a map with such a key is refused. msgpackr throws in
 * this case without a position, so the position is searched for after it has thrown.
 */

/** The names of the parts of a message, by its kind. */
const parts: readonly (readonly string[])[] = [
  ['', 'id', 'method', 'params'],
  ['', 'id', 'error', 'result'],
  ['', 'method', 'params'],
];

/**
 * The error for the first map of a message that has an unsupported key; undefined if there is none. `bytes` are one
 * complete value. Throws a RangeError for a value that is nested too deep to be walked.
 */
export function wrongKey(bytes: Uint8Array): string | undefined {
  const found = new Search(bytes).value();
  if (found === undefined) return undefined;
  const { kind, path } = found;
  const part = /^\[(\d)\]/.exec(path);
  const name = part === null ? undefined : parts[bytes[1]!]?.[Number(part[1])];
  const where = name === undefined ? `the message${path}` : `${name}${path.slice('[0]'.length)}`;
  return `the map at ${where} has ${kind} as a key: a key must be a string, a number, true, false or nil`;
}

interface Found {
  /** The type of the key. */
  readonly kind: string;
  /** The path of its map, as `[3][0].a`. */
  readonly path: string;
}

/** Walks a value. Paths are made on the way back, so a value without a wrong key costs none. */
class Search {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  /** The next value: the position of the first wrong key in it, if there is one. */
  value(): Found | undefined {
    const { bytes, at } = this;
    const token = bytes[at]!;
    const width = wide[token]!;
    let size = 0;
    for (let i = 1; i <= width; i++) size = size * 256 + bytes[at + i]!;
    this.at = at + 1 + width;
    if (isMap(token)) return this.map(width > 0 ? size : more[token]! / 2);
    if (isArray(token)) return this.array(width > 0 ? size : more[token]!);
    const type = isExtension(token) ? bytes[this.at] : undefined;
    const end = this.at + fixed[token]! + size;
    // The body of our extensions for maps and sets is one list.
    const found = type === Type.Map || type === Type.Set ? this.list(this.at + 1, end) : undefined;
    this.at = end;
    return found;
  }

  /** The list in an extension. Nothing has checked that it is complete, and it may announce billions of values. */
  private list(from: number, end: number): Found | undefined {
    try {
      endOfValue(this.bytes.subarray(0, end), from);
    } catch {
      return undefined;
    }
    this.at = from;
    return this.value();
  }

  private array(count: number): Found | undefined {
    for (let index = 0; index < count; index++) {
      const found = this.value();
      if (found !== undefined) return { ...found, path: `[${index}]${found.path}` };
    }
    return undefined;
  }

  private map(count: number): Found | undefined {
    for (let left = count; left > 0; left--) {
      const from = this.at;
      const kind = wrong(this.bytes[from]!);
      if (kind !== undefined) return { kind, path: '' };
      this.at = endOfValue(this.bytes, from);
      const to = this.at;
      const found = this.value();
      if (found === undefined) continue;
      const [key] = unpackAll(this.bytes.subarray(from, to), false);
      return { ...found, path: `${step(String(key))}${found.path}` };
    }
    return undefined;
  }
}

/** The type of a key that has no text; undefined if it has one. */
function wrong(token: number): string | undefined {
  if (isMap(token)) return 'a map';
  if (isArray(token)) return 'an array';
  if (isExtension(token)) return 'an extension';
  return token >= 0xc4 && token <= 0xc6 ? 'bytes' : undefined;
}

function isMap(token: number): boolean {
  return (token >= 0x80 && token < 0x90) || (token >= MAPS && token < 0xe0);
}

function isArray(token: number): boolean {
  return (token >= 0x90 && token < 0xa0) || (token >= ARRAYS && token < MAPS);
}
