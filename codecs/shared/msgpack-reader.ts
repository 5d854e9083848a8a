import { Code, ProtocolError } from '../../src/errors.js';
import { bigIntFromBytes, dateFromBytes, Extension, Type, typedFromBytes } from './msgpack-extensions.js';
import { isOwned } from './msgpack-owned.js';
import { SHORT, shortName, shortText } from './msgpack-short-text.js';

/** How deep values may be nested, in both directions. */
export const DEPTH = 1000;

/** Up to this length a list is made at once as long as it will be; a longer one may be a lie, repeated within itself. */
const AT_ONCE = 256;
const decoder = new TextDecoder();
/** Buffer's decoder is three times as fast for a few bytes; browsers have none. */
const hasBuffer = typeof Buffer !== 'undefined';

/** A value that is sound MessagePack but cannot be taken: the message that holds it is lost, those around it are not. */
export class Unfit extends Error {}

/** The bytes are no MessagePack, so that nobody knows where the next value begins. */
export function malformed(what: string): ProtocolError {
  return new ProtocolError(`this is no MessagePack: ${what}`, Code.ParseError);
}

function cutOff(): ProtocolError {
  return malformed('it ends in the middle of a value');
}

/**
 * Reads the values of one frame, one after the other. What is announced is held against what is there before anything is
 * made of it. Values share no memory with the frame.
 */
export class Reader {
  /** Where the next value begins. */
  at = 0;
  private view: DataView | undefined;
  private buffer: Buffer | undefined;

  constructor(readonly bytes: Uint8Array) {}

  /** Throws a ProtocolError if the rest of the frame is lost, an Unfit if only this value is. */
  value(depth: number): unknown {
    const token = this.bytes[this.at++];
    if (token === undefined) throw cutOff();
    if (token < 0x80) return token;
    if (token >= 0xe0) return token - 0x100;
    if (token >= 0xc0) return this.wide(token, depth);
    if (token >= 0xa0) return this.text(token & 0x1f);
    return token >= 0x90 ? this.list(token & 0x0f, depth) : this.object(token & 0x0f, depth);
  }

  /** The same as `value`, where it is most probably the name of something. */
  name(depth: number): unknown {
    const token = this.bytes[this.at]!;
    if (token < 0xa0 || token > 0xa0 + SHORT) return this.value(depth);
    const from = this.at + 1;
    const to = from + (token & 0x1f);
    if (to > this.bytes.length) throw cutOff();
    const name = shortName(this.bytes, from, token & 0x1f);
    if (name === undefined) return this.value(depth);
    this.at = to;
    return name;
  }

  private text(size: number): string {
    const from = this.at;
    const to = from + size;
    if (to > this.bytes.length) throw cutOff();
    this.at = to;
    if (size <= SHORT) {
      const text = shortText(this.bytes, from, size);
      if (text !== undefined) return text;
    }
    if (!hasBuffer) return decoder.decode(this.bytes.subarray(from, to));
    this.buffer ??= asBuffer(this.bytes);
    return this.buffer.toString('utf8', from, to);
  }

  private list(count: number, depth: number): unknown[] {
    if (count > this.bytes.length - this.at) throw cutOff();
    const inner = deeper(depth);
    if (count > AT_ONCE) {
      const list: unknown[] = [];
      for (let i = 0; i < count; i++) list.push(this.value(inner));
      return list;
    }
    const list = new Array<unknown>(count);
    for (let i = 0; i < count; i++) list[i] = this.value(inner);
    return list;
  }

  private object(count: number, depth: number): Record<string, unknown> {
    if (2 * count > this.bytes.length - this.at) throw cutOff();
    const inner = deeper(depth);
    const object: Record<string, unknown> = {};
    for (let i = 0; i < count; i++) {
      const key = keyOf(this.name(inner));
      const value = this.value(inner);
      if (key !== '__proto__') object[key] = value;
    }
    return object;
  }

  private wide(token: number, depth: number): unknown {
    switch (token) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return this.bin(this.uint8());
      case 0xc5:
        return this.bin(this.uint16());
      case 0xc6:
        return this.bin(this.uint32());
      case 0xc7:
        return this.extension(this.uint8(), depth);
      case 0xc8:
        return this.extension(this.uint16(), depth);
      case 0xc9:
        return this.extension(this.uint32(), depth);
      case 0xca:
        return this.viewed(4).getFloat32(this.at - 4);
      case 0xcb: {
        const from = this.at;
        this.at = from + 8;
        if (this.at > this.bytes.length) throw cutOff();
        this.view ??= viewOf(this.bytes);
        return this.view.getFloat64(from);
      }
      case 0xcc:
        return this.uint8();
      case 0xcd:
        return this.uint16();
      case 0xce:
        return this.uint32();
      case 0xcf: {
        const value = this.viewed(8).getBigUint64(this.at - 8);
        return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
      }
      case 0xd0:
        return (this.uint8() << 24) >> 24;
      case 0xd1:
        return (this.uint16() << 16) >> 16;
      case 0xd2:
        return this.uint32() | 0;
      case 0xd3: {
        const value = this.viewed(8).getBigInt64(this.at - 8);
        return value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER ? Number(value) : value;
      }
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.extension(1 << (token - 0xd4), depth);
      case 0xd9:
        return this.text(this.uint8());
      case 0xda:
        return this.text(this.uint16());
      case 0xdb:
        return this.text(this.uint32());
      case 0xdc:
        return this.list(this.uint16(), depth);
      case 0xdd:
        return this.list(this.uint32(), depth);
      case 0xde:
        return this.object(this.uint16(), depth);
      case 0xdf:
        return this.object(this.uint32(), depth);
      default:
        throw malformed('the byte c1 begins no value');
    }
  }

  private extension(size: number, depth: number): unknown {
    const type = (this.uint8() << 24) >> 24;
    const end = this.at + size;
    if (end > this.bytes.length) throw cutOff();
    if (type === Type.Map || type === Type.Set) return this.collection(type, end, deeper(depth));
    const body = this.bytes.subarray(this.at, end);
    this.at = end;
    const value =
      type === Type.Date
        ? dateFromBytes(body)
        : type === Type.BigInt
          ? bigIntFromBytes(body)
          : type === Type.Typed
            ? typedFromBytes(body)
            : undefined;
    return value === undefined ? new Extension(type, new Uint8Array(body)) : value;
  }

  private collection(type: number, end: number, depth: number): unknown {
    const set = new Set<unknown>();
    const map = new Map<unknown, unknown>();
    while (this.at < end) {
      const first = this.value(depth);
      if (type === Type.Set) set.add(first);
      else map.set(first, this.value(depth));
    }
    if (this.at !== end) throw malformed('a map or set ends in the middle of a value');
    return type === Type.Set ? set : map;
  }

  /**
   * Bytes of the receiver's own. Those that fill most of a frame whose memory nobody else holds are taken as they lie
   * there, for a copy of megabytes costs as much as the whole way through the socket.
   */
  private bin(size: number): Uint8Array {
    const from = this.at;
    const { bytes } = this;
    if (from + size > bytes.length) throw cutOff();
    this.at = from + size;
    if (size > bytes.length / 2 && isOwned(bytes)) {
      return new Uint8Array(bytes.buffer, bytes.byteOffset + from, size);
    }
    return new Uint8Array(bytes.subarray(from, from + size));
  }

  private uint8(): number {
    const value = this.bytes[this.at++];
    if (value === undefined) throw cutOff();
    return value;
  }

  private uint16(): number {
    return (this.uint8() << 8) | this.uint8();
  }

  private uint32(): number {
    return ((this.uint16() << 16) | this.uint16()) >>> 0;
  }

  /** A view in which as many bytes lie before the place that is then reached. */
  private viewed(size: number): DataView {
    this.at += size;
    if (this.at > this.bytes.length) throw cutOff();
    this.view ??= viewOf(this.bytes);
    return this.view;
  }
}

function deeper(depth: number): number {
  if (depth >= DEPTH) throw new Unfit(`values may be nested ${DEPTH} deep, not deeper`);
  return depth + 1;
}

/** The name of a field. Strangers use numbers, and some old ones bytes. */
function keyOf(key: unknown): string {
  if (typeof key === 'string') return key;
  switch (typeof key) {
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(key);
    default:
      if (key instanceof Uint8Array) return decoder.decode(key);
      throw new Unfit('the keys of a map must be strings or numbers');
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
