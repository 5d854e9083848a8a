import { bigIntToBytes, bytesOf, dateToBytes, Extension, kindOf, Type, typedToBytes } from './msgpack-extensions.js';
import { DEPTH } from './msgpack-reader.js';
import { hasBuffer, Slab } from './msgpack-slab.js';

/** The largest header of a value. */
const HEAD = 16;
/** Up to this length a loop over the characters is faster than a call of the encoder. */
const SHORT = 32;
/** Up to this length room is made for three bytes in the place of each character, rather than counting them. */
const UNCOUNTED = 8 * 1024;
const BYTES = 1;

type Fields = { readonly [key: string]: unknown };

/** Writes values as MessagePack, each in the shortest form. */
export class Writer extends Slab {
  /** A value and all that is in it, nested as deep as `depth` already. Throws for what cannot travel. */
  value(value: unknown, depth: number): void {
    this.reserve(HEAD);
    switch (typeof value) {
      case 'string':
        this.text(value);
        return;
      case 'number':
        this.number(value);
        return;
      case 'boolean':
        this.byte(value ? 0xc3 : 0xc2);
        return;
      case 'undefined':
        this.byte(0xc0);
        return;
      case 'bigint':
        this.bigInt(value);
        return;
      case 'object':
        if (value === null) this.byte(0xc0);
        else if (Array.isArray(value)) this.list(value, depth);
        else if (Object.getPrototypeOf(value) === Object.prototype) this.fields(value as Fields, depth);
        else this.special(value, depth);
        return;
      default:
        throw new TypeError(`a ${typeof value} cannot be sent`);
    }
  }

  /** A string. */
  text(text: string): void {
    const { length } = text;
    this.reserve(5 + (hasBuffer && length > UNCOUNTED ? Buffer.byteLength(text) : 3 * length));
    if (length < SHORT) {
      const { bytes } = this;
      let to = this.at + 1;
      let bits = 0;
      for (let i = 0; i < length; i++) {
        const unit = text.charCodeAt(i);
        bits |= unit;
        bytes[to++] = unit;
      }
      if (bits < 0x80) {
        bytes[this.at] = 0xa0 | length;
        this.at = to;
        return;
      }
    }
    this.encoded(text);
  }

  /** A list of values. */
  list(list: readonly unknown[], depth: number): void {
    const inner = deeper(depth);
    const { length } = list;
    this.reserve(HEAD);
    if (length < 0x10) this.byte(0x90 | length);
    else if (length < 0x1_0000) this.sized16(0xdc, length);
    else this.sized32(0xdd, length);
    for (let i = 0; i < length; i++) this.value(list[i], inner);
  }

  /**
   * The fields of an object. Those that are undefined are left out, as in JSON: the reader finds undefined there too, where
   * nil would become null. The header is written for all, and corrected when it is known how many they are.
   */
  private fields(object: Fields, depth: number): void {
    const inner = deeper(depth);
    if (typeof object.toJSON === 'function') {
      this.value(object.toJSON(), inner);
      return;
    }
    const keys = Object.keys(object);
    const { length } = keys;
    const header = this.at - this.start;
    if (length < 0x10) this.byte(0x80 | length);
    else if (length < 0x1_0000) this.sized16(0xde, length);
    else this.sized32(0xdf, length);
    let left = length;
    for (let i = 0; i < length; i++) {
      const key = keys[i]!;
      const value = object[key];
      if (value === undefined) left--;
      else {
        this.text(key);
        this.value(value, inner);
      }
    }
    if (left === length) return;
    const at = this.start + header;
    if (length < 0x10) this.bytes[at] = 0x80 | left;
    else if (length < 0x1_0000) this.view.setUint16(at + 1, left);
    else this.view.setUint32(at + 1, left);
  }

  private special(value: object, depth: number): void {
    const kind = kindOf(value);
    if (kind === BYTES) this.bin(bytesOf(value as Uint8Array));
    else if (kind !== undefined) this.extension(Type.Typed, typedToBytes(value, kind));
    else if (value instanceof Date) this.extension(Type.Date, dateToBytes(value));
    else if (value instanceof Map) this.collection(Type.Map, value, depth);
    else if (value instanceof Set) this.collection(Type.Set, value, depth);
    else if (value instanceof Extension) this.extension(value.type, value.data);
    else this.fields(value as Fields, depth);
  }

  private number(value: number): void {
    if ((value | 0) === value) {
      if (value < 0) this.negative(value);
      else if (value > 0 || !Object.is(value, -0)) this.whole(value);
      else this.float(value);
    } else if (!Number.isSafeInteger(value)) this.float(value);
    else if (value >= 0 && value <= 0xffff_ffff) this.sized32(0xce, value);
    else {
      // A whole number stays one above 32 bits too: peers in typed languages refuse a float where they expect an integer.
      const high = Math.floor(value / 0x1_0000_0000);
      this.sized32(value < 0 ? 0xd3 : 0xcf, high);
      this.view.setUint32(this.at, value - high * 0x1_0000_0000);
      this.at += 4;
    }
  }

  private whole(value: number): void {
    if (value < 0x80) this.byte(value);
    else if (value < 0x100) this.sized8(0xcc, value);
    else if (value < 0x1_0000) this.sized16(0xcd, value);
    else this.sized32(0xce, value);
  }

  private negative(value: number): void {
    if (value >= -0x20) this.byte(value);
    else if (value >= -0x80) this.sized8(0xd0, value);
    else if (value >= -0x8000) this.sized16(0xd1, value);
    else this.sized32(0xd2, value);
  }

  private float(value: number): void {
    this.bytes[this.at] = 0xcb;
    this.view.setFloat64(this.at + 1, value);
    this.at += 9;
  }

  /**
   * Between 53 and 64 bits an integer of MessagePack, which everybody understands and which is read as a BigInt again. A
   * smaller one would be read as a number: it is an extension, and so are larger ones.
   */
  private bigInt(value: bigint): void {
    const small = value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER;
    if (small || value >= 1n << 64n || value < -(1n << 63n)) {
      this.extension(Type.BigInt, bigIntToBytes(value));
      return;
    }
    this.bytes[this.at] = value < 0n ? 0xd3 : 0xcf;
    this.view.setBigUint64(this.at + 1, BigInt.asUintN(64, value));
    this.at += 9;
  }

  private bin(bytes: Uint8Array): void {
    const { length } = bytes;
    this.reserve(5 + length);
    if (length < 0x100) this.sized8(0xc4, length);
    else if (length < 0x1_0000) this.sized16(0xc5, length);
    else this.sized32(0xc6, length);
    this.raw(bytes);
  }

  private extension(type: number, body: Uint8Array): void {
    const { length } = body;
    this.reserve(6 + length);
    const fixed = [1, 2, 4, 8, 16].indexOf(length);
    if (fixed >= 0) this.byte(0xd4 + fixed);
    else if (length < 0x100) this.sized8(0xc7, length);
    else if (length < 0x1_0000) this.sized16(0xc8, length);
    else this.sized32(0xc9, length);
    this.byte(type);
    this.raw(body);
  }

  /** An extension whose size is known only when its values have been written: its header has four bytes for it. */
  private collection(type: number, items: Iterable<unknown>, depth: number): void {
    const inner = deeper(depth);
    this.sized32(0xc9, 0);
    this.byte(type);
    const body = this.at - this.start;
    for (const item of items) {
      if (type === Type.Set) this.value(item, inner);
      else {
        const [key, value] = item as readonly [unknown, unknown];
        this.value(key, inner);
        this.value(value, inner);
      }
    }
    const from = this.start + body;
    this.view.setUint32(from - 5, this.at - from);
  }

  /** A string that is long or not ASCII. Its header is guessed by the number of characters, and corrected. */
  private encoded(text: string): void {
    const guess = textHeader(text.length);
    const from = this.at + guess;
    const size = this.utf8(text, from);
    const header = textHeader(size);
    if (header !== guess) this.bytes.copyWithin(this.at + header, from, from + size);
    if (header === 1) this.byte(0xa0 | size);
    else if (header === 2) this.sized8(0xd9, size);
    else if (header === 3) this.sized16(0xda, size);
    else this.sized32(0xdb, size);
    this.at += size;
  }
}

function textHeader(size: number): number {
  return size < 0x20 ? 1 : size < 0x100 ? 2 : size < 0x1_0000 ? 3 : 5;
}

function deeper(depth: number): number {
  if (depth >= DEPTH) throw new RangeError(`values may be nested ${DEPTH} deep, not deeper, nor within themselves`);
  return depth + 1;
}
