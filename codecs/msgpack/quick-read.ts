import type { Id, Message } from '../../src/contract/contract.js';
import { isExtension } from '../shared/msgpack/extensions.js';
import { endOfValue } from '../shared/msgpack/tokens.js';
import { unpackAll } from '../shared/msgpack/values.js';
import { isOwned } from './owned.js';
import { NAME, SHORT, shortName, shortText } from './short-text.js';

const decoder = new TextDecoder();
const hasBuffer = typeof Buffer !== 'undefined';

/** The type of a timestamp, -1, as a byte. */
const TIMESTAMP = 0xff;
/** The deepest nesting that is read here. */
const LEVELS = 64;

/** Stands for a value that is not read here. */
const OTHER = Symbol('a value for msgpackr');

/**
 * Reads the most frequent messages, those that `quickFrame` writes, and other values inside them, without an array for
 * each message, and counts the nesting depth. It stops at the first message that contains anything else or is
 * malformed; msgpackr reads from there on.
 */
export class QuickReader {
  /** Where the first message begins that was not read. */
  at = 0;
  /** The nesting depth of the message that was read last, counting lists and maps; 0 if there are none. */
  levels = 0;
  private view: DataView | undefined;
  private buffer: Buffer | undefined;

  constructor(private readonly bytes: Uint8Array) {}

  /** The next message; undefined if it cannot be read here, or if there is none. */
  message(): Message | undefined {
    const from = this.at;
    this.levels = 0;
    const message = this.anyMessage();
    if (message === undefined) this.at = from;
    return message;
  }

  private anyMessage(): Message | undefined {
    const { bytes } = this;
    const size = bytes[this.at];
    const kind = bytes[this.at + 1];
    this.at += 2;
    if (size === 0x94 && kind === 0) {
      const id = this.leaf();
      return isId(id) ? this.call(id) : undefined;
    }
    if (size === 0x93 && kind === 2) return this.call(undefined);
    if (size !== 0x94 || kind !== 1) return undefined;
    const id = this.leaf();
    if (!isId(id) || bytes[this.at++] !== 0xc0) return undefined;
    const value = this.value(1);
    return value === OTHER ? undefined : { kind: 'reply', id, value };
  }

  private call(id: Id | undefined): Message | undefined {
    const method = this.name();
    const count = this.bytes[this.at++]! - 0x90;
    if (method === undefined || !(count >= 0 && count < 16)) return undefined;
    const named = count === 1 && this.isMap(this.bytes[this.at]);
    const args: unknown[] = [];
    this.levels = 1;
    for (let i = 0; i < count; i++) {
      const value = this.value(2);
      if (value === OTHER) return undefined;
      args.push(value);
    }
    return { kind: 'call', id, method, args, named, batch: undefined };
  }

  private isMap(token: number | undefined): boolean {
    return token !== undefined && ((token >= 0x80 && token < 0x90) || token === 0xde || token === 0xdf);
  }

  /** A value at this nesting depth, if it is a list or a map. */
  private value(level: number): unknown {
    const token = this.bytes[this.at]!;
    if (token >= 0x80 && token < 0xa0) {
      this.at++;
      return token < 0x90 ? this.fields(token & 0x0f, level) : this.list(token & 0x0f, level);
    }
    if (token < 0xdc || token > 0xdf) return isExtension(token) ? this.extension(level) : this.leaf();
    this.at++;
    const size = token & 1 ? this.viewed(4)?.getUint32(this.at - 4) : this.viewed(2)?.getUint16(this.at - 2);
    if (size === undefined) return OTHER;
    return token < 0xde ? this.list(size, level) : this.fields(size, level);
  }

  private list(size: number, level: number): unknown {
    // Each item has at least one byte, so an announced size without its bytes takes no memory.
    if (level > LEVELS || size > this.bytes.length - this.at) return OTHER;
    if (level > this.levels) this.levels = level;
    const list: unknown[] = [];
    for (let left = size; left > 0; left--) {
      const value = this.value(level + 1);
      if (value === OTHER) return OTHER;
      list.push(value);
    }
    return list;
  }

  private fields(size: number, level: number): unknown {
    if (level > LEVELS) return OTHER;
    if (level > this.levels) this.levels = level;
    const object: Record<string, unknown> = {};
    for (let left = size; left > 0; left--) {
      const key = this.key();
      if (key === undefined || key === '__proto__') return OTHER;
      const value = this.value(level + 1);
      if (value === OTHER) return OTHER;
      object[key] = value;
    }
    return object;
  }

  /** A value that is not plain. msgpackr reads it, unless it is a usual date. */
  private extension(level: number): unknown {
    const { bytes, at } = this;
    if (bytes[at + 1] === TIMESTAMP && (bytes[at] === 0xd6 || bytes[at] === 0xd7)) return this.date();
    try {
      const end = endOfValue(bytes, at);
      // Not a Buffer: bytes that are read from it would be Buffers too.
      const part = new Uint8Array(bytes.buffer, bytes.byteOffset + at, end - at);
      this.at = end;
      // The depth of a map or a set is not counted; each level takes at least one byte.
      this.levels = Math.max(this.levels, level + part.length);
      return unpackAll(part, isOwned(bytes))[0];
    } catch {
      return OTHER;
    }
  }

  /** A timestamp of 32 or 64 bits. */
  private date(): unknown {
    const long = this.bytes[this.at] === 0xd7;
    this.at += 2;
    const view = this.viewed(long ? 8 : 4);
    if (view === undefined) return OTHER;
    const seconds = view.getUint32(this.at - 4);
    if (!long) return new Date(seconds * 1000);
    const first = view.getUint32(this.at - 8);
    return new Date((first >>> 2) / 1_000_000 + ((first & 3) * 2 ** 32 + seconds) * 1000);
  }

  /** Bytes in memory of their own, or in that of a frame that nothing else holds. */
  private binary(size: number): unknown {
    const { bytes } = this;
    const from = this.at;
    const to = from + size;
    if (to > bytes.length) return OTHER;
    this.at = to;
    return isOwned(bytes)
      ? new Uint8Array(bytes.buffer, bytes.byteOffset + from, size)
      : Uint8Array.prototype.slice.call(new Uint8Array(bytes.buffer, bytes.byteOffset + from, size));
  }

  /** The name of a field, or undefined. */
  private key(): string | undefined {
    const { at } = this;
    const name = this.name();
    if (name !== undefined) return name;
    this.at = at;
    const token = this.bytes[at]!;
    if ((token < 0xa0 || token >= 0xc0) && token !== 0xd9) return undefined;
    const text = this.leaf();
    return typeof text === 'string' ? text : undefined;
  }

  /** A short ASCII string, or undefined. */
  private name(): string | undefined {
    const size = this.bytes[this.at++]! - 0xa0;
    if (!(size >= 0 && size <= NAME)) return undefined;
    const from = this.at;
    this.at += size;
    return this.at > this.bytes.length ? undefined : shortName(this.bytes, from, size);
  }

  private leaf(): unknown {
    const token = this.bytes[this.at++];
    if (token === undefined) return OTHER;
    if (token < 0x80) return token;
    if (token >= 0xe0) return token - 0x100;
    if (token >= 0xa0 && token < 0xc0) return this.text(token & 0x1f);
    switch (token) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return this.binary(this.bytes[this.at++] ?? this.bytes.length);
      case 0xc5:
        return this.binary(this.viewed(2)?.getUint16(this.at - 2) ?? this.bytes.length);
      case 0xc6:
        return this.binary(this.viewed(4)?.getUint32(this.at - 4) ?? this.bytes.length);
      case 0xca:
        return this.viewed(4)?.getFloat32(this.at - 4) ?? OTHER;
      case 0xcb:
        return this.viewed(8)?.getFloat64(this.at - 8) ?? OTHER;
      case 0xcc:
        return this.bytes[this.at++] ?? OTHER;
      case 0xcd:
        return this.viewed(2)?.getUint16(this.at - 2) ?? OTHER;
      case 0xce:
        return this.viewed(4)?.getUint32(this.at - 4) ?? OTHER;
      case 0xcf:
        return whole(this.viewed(8)?.getBigUint64(this.at - 8));
      case 0xd0:
        return this.viewed(1)?.getInt8(this.at - 1) ?? OTHER;
      case 0xd1:
        return this.viewed(2)?.getInt16(this.at - 2) ?? OTHER;
      case 0xd2:
        return this.viewed(4)?.getInt32(this.at - 4) ?? OTHER;
      case 0xd3:
        return whole(this.viewed(8)?.getBigInt64(this.at - 8));
      case 0xd9:
        return this.text(this.bytes[this.at++] ?? this.bytes.length);
      case 0xda:
        return this.text(this.viewed(2)?.getUint16(this.at - 2) ?? this.bytes.length);
      case 0xdb:
        return this.text(this.viewed(4)?.getUint32(this.at - 4) ?? this.bytes.length);
      default:
        return OTHER;
    }
  }

  private text(size: number): unknown {
    const { bytes } = this;
    const from = this.at;
    const to = from + size;
    if (to > bytes.length) return OTHER;
    this.at = to;
    if (size <= SHORT) {
      const text = shortText(bytes, from, size);
      if (text !== undefined) return text;
    }
    if (!hasBuffer) return decoder.decode(bytes.subarray(from, to));
    this.buffer ??= Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return this.buffer.toString('utf8', from, to);
  }

  /** A view that ends where reading goes on, if so many bytes are left. */
  private viewed(size: number): DataView | undefined {
    this.at += size;
    if (this.at > this.bytes.length) return undefined;
    this.view ??= new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    return this.view;
  }
}

function isId(id: unknown): id is Id {
  return Number.isSafeInteger(id) || typeof id === 'string' || id === null;
}

/** The largest integer that is a 64-bit number. */
const MOST = 2n ** 53n;

function whole(value: bigint | undefined): unknown {
  if (value === undefined) return OTHER;
  return value <= MOST && value >= -MOST ? Number(value) : value;
}
