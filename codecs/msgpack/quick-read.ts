import type { Id, Message } from '../../src/contract.js';
import { NAME, SHORT, shortName, shortText } from './short-text.js';

const decoder = new TextDecoder();
const hasBuffer = typeof Buffer !== 'undefined';

/** Stands for a value that is not read here. */
const OTHER = Symbol('a value for msgpackr');

/**
 * Reads the messages that nearly all are, those that `quickFrame` writes, without an array around each of them. It stops at
 * the first that holds anything else, or that is none: whatever stands from there on, msgpackr reads.
 */
export class QuickReader {
  /** Where the first message stands that was not read. */
  at = 0;
  private view: DataView | undefined;
  private buffer: Buffer | undefined;

  constructor(private readonly bytes: Uint8Array) {}

  /** The next message; undefined if it is not to be read here, or there is none. */
  message(): Message | undefined {
    const from = this.at;
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
    const value = this.value();
    return value === OTHER ? undefined : { kind: 'reply', id, value };
  }

  private call(id: Id | undefined): Message | undefined {
    const method = this.name();
    const count = this.bytes[this.at++]! - 0x90;
    if (method === undefined || !(count >= 0 && count < 16)) return undefined;
    const named = count === 1 && this.isMap(this.bytes[this.at]);
    const args: unknown[] = [];
    for (let i = 0; i < count; i++) {
      const value = this.value();
      if (value === OTHER) return undefined;
      args.push(value);
    }
    return { kind: 'call', id, method, args, named, batch: undefined };
  }

  private isMap(token: number | undefined): boolean {
    return token !== undefined && token >= 0x80 && token < 0x90;
  }

  private value(): unknown {
    const token = this.bytes[this.at];
    if (!this.isMap(token)) return this.leaf();
    this.at++;
    const object: Record<string, unknown> = {};
    for (let left = token! & 0x0f; left > 0; left--) {
      const key = this.name();
      if (key === undefined || key === '__proto__') return OTHER;
      const value = this.leaf();
      if (value === OTHER) return OTHER;
      object[key] = value;
    }
    return object;
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
      case 0xcb:
        return this.viewed(8)?.getFloat64(this.at - 8) ?? OTHER;
      case 0xcc:
        return this.bytes[this.at++] ?? OTHER;
      case 0xcd:
        return this.viewed(2)?.getUint16(this.at - 2) ?? OTHER;
      case 0xce:
        return this.viewed(4)?.getUint32(this.at - 4) ?? OTHER;
      case 0xd0:
        return this.viewed(1)?.getInt8(this.at - 1) ?? OTHER;
      case 0xd1:
        return this.viewed(2)?.getInt16(this.at - 2) ?? OTHER;
      case 0xd2:
        return this.viewed(4)?.getInt32(this.at - 4) ?? OTHER;
      case 0xd9:
        return this.text(this.bytes[this.at++] ?? this.bytes.length);
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

  /** A view in which as many bytes lie before the place that is then reached, if there are as many. */
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
