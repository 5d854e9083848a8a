import type { Outbound } from '../../src/contract/contract.js';
import { hasBuffer, MessageMemory, SLAB } from './message-memory.js';

/** The minimum free space at the beginning of a message. */
const ROOM = 1024;
/** The largest size of a header or a number. */
const HEAD = 9;
/** The deepest nesting that is written here. A value that contains itself ends here. */
const LEVELS = 64;
/** Up to this length a loop over the characters is faster than a call to an encoder. */
const SHORT = 63;
const FIXSTR = 31;
/** The largest number of items of an array or a map whose size is part of its token. */
const FEW = 15;
/** The type of a timestamp, -1, as a byte, and the largest number of seconds in 32 bits. */
const TIMESTAMP = 0xff;
const SECONDS = 2 ** 32;
/** A lone surrogate, which msgpackr writes unchanged in a short text. */
const LONE = /\p{Surrogate}/u;

const encoder = new TextEncoder();

/**
 * Writes the most frequent messages: a call or its response, whose values are plain data: numbers, strings, true,
 * false, null, and plain objects and arrays of them; also bytes and dates, which MessagePack has. The bytes are the
 * same that msgpackr writes, in one pass over the values. Each frame is a view of memory that lives as long as its last
 * frame.
 */
class QuickWriter extends MessageMemory {
  private busy = false;

  /** The frame of the message, or undefined if it contains anything else. Throws what a getter throws. */
  frame(message: Outbound): Uint8Array | undefined {
    // A getter of a value may itself send a message.
    if (this.busy) return undefined;
    if (this.bytes.length - this.at < ROOM) this.renew(SLAB);
    this.from = this.at;
    this.busy = true;
    let frame: Uint8Array | undefined;
    try {
      if (this.message(message)) frame = new Uint8Array(this.memory, this.from, this.at - this.from);
    } finally {
      this.busy = false;
      // The rest of a large block is not used: a small message would keep all of it alive.
      if (this.bytes.length > SLAB) this.renew(0);
      else if (frame === undefined) this.at = this.from;
    }
    return frame;
  }

  private message(message: Outbound): boolean {
    switch (message.kind) {
      case 'call': {
        const { id, method, args } = message;
        if (id === undefined) {
          this.bytes[this.at++] = 0x93;
          this.bytes[this.at++] = 2;
        } else {
          this.bytes[this.at++] = 0x94;
          this.bytes[this.at++] = 0;
          if (!this.leaf(id)) return false;
        }
        if (args.length > FEW || !this.text(method)) return false;
        this.bytes[this.at++] = 0x90 | args.length;
        for (let i = 0; i < args.length; i++) if (!this.value(args[i], LEVELS)) return false;
        return true;
      }
      case 'reply':
        this.bytes[this.at++] = 0x94;
        this.bytes[this.at++] = 1;
        if (!this.leaf(message.id)) return false;
        this.bytes[this.at++] = 0xc0;
        return this.value(message.value, LEVELS);
      case 'fault':
        return false;
    }
  }

  private value(value: unknown, levels: number): boolean {
    if (typeof value !== 'object' || value === null) return this.leaf(value);
    if (Array.isArray(value)) return this.list(value, levels);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype) return this.fields(value, levels);
    if (prototype === Uint8Array.prototype || (hasBuffer && prototype === Buffer.prototype))
      return this.binary(value as Uint8Array);
    return prototype === Date.prototype && this.date(value as Date);
  }

  private list(list: readonly unknown[], levels: number): boolean {
    if (levels === 0 || Object.getPrototypeOf(list) !== Array.prototype || !this.reserve(HEAD)) return false;
    const { length } = list;
    if (length <= FEW) this.bytes[this.at++] = 0x90 | length;
    else if (length < 0x1_0000) this.sized16(0xdc, length);
    else this.sized32(0xdd, length);
    for (let at = 0; at < length; at++) if (!this.value(list[at], levels - 1)) return false;
    return true;
  }

  private fields(object: object, levels: number): boolean {
    if (levels === 0 || !this.reserve(HEAD)) return false;
    const keys = Object.keys(object);
    const { length } = keys;
    const head = this.at - this.from;
    if (length <= FEW) this.bytes[this.at++] = 0x80 | length;
    else if (length < 0x1_0000) this.sized16(0xde, length);
    else this.sized32(0xdf, length);
    let left = 0;
    for (let i = 0; i < length; i++) {
      const key = keys[i]!;
      const value = (object as { readonly [key: string]: unknown })[key];
      if (value === undefined) left++;
      else if (!this.text(key) || !this.value(value, levels - 1)) return false;
    }
    if (left === 0) return true;
    // A field that is undefined is omitted.
    if (length > FEW) return false;
    this.bytes[this.from + head]! -= left;
    return true;
  }

  private binary(bytes: Uint8Array): boolean {
    const { length } = bytes;
    if (!this.reserve(length + HEAD)) return false;
    if (length < 0x100) this.sized8(0xc4, length);
    else if (length < 0x1_0000) this.sized16(0xc5, length);
    else this.sized32(0xc6, length);
    this.bytes.set(bytes, this.at);
    this.at += length;
    return true;
  }

  /**
   * A timestamp of 32 or 64 bits. Dates before 1970 and after 2106, and dates with their own `toJSON`, are left to
   * msgpackr.
   */
  private date(date: Date): boolean {
    const time = date.getTime();
    if (!(time > 0 && time < SECONDS * 1000) || date.toJSON !== Date.prototype.toJSON) return false;
    if (!this.reserve(2 * HEAD)) return false;
    const rest = time % 1000;
    this.sized8(rest === 0 ? 0xd6 : 0xd7, TIMESTAMP);
    if (rest !== 0) {
      this.view.setUint32(this.at, rest * 4_000_000);
      this.at += 4;
    }
    this.view.setUint32(this.at, time / 1000);
    this.at += 4;
    return true;
  }

  private leaf(value: unknown): boolean {
    switch (typeof value) {
      case 'string':
        return this.text(value);
      case 'number':
        if (!this.reserve(HEAD)) return false;
        this.number(value);
        return true;
      case 'boolean':
        if (!this.reserve(HEAD)) return false;
        this.bytes[this.at++] = value ? 0xc3 : 0xc2;
        return true;
      case 'undefined':
        break;
      default:
        if (value !== null) return false;
    }
    if (!this.reserve(HEAD)) return false;
    this.bytes[this.at++] = 0xc0;
    return true;
  }

  private text(text: string): boolean {
    const { length } = text;
    if (length > SHORT) return this.longText(text);
    if (!this.reserve(length + HEAD)) return false;
    const { bytes, at: start } = this;
    if (length <= FIXSTR) bytes[this.at++] = 0xa0 | length;
    else this.sized8(0xd9, length);
    let { at } = this;
    let bits = 0;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      bits |= unit;
      bytes[at++] = unit;
    }
    if (bits < 0x80) {
      this.at = at;
      return true;
    }
    this.at = start;
    return !LONE.test(text) && this.anyText(text);
  }

  /** A long text, which usually is ASCII: then its size need not be computed first. */
  private longText(text: string): boolean {
    if (!hasBuffer) return this.anyText(text);
    const { length } = text;
    if (!this.reserve(length + 2 * HEAD)) return false;
    const { at } = this;
    this.size(length);
    // With room for one more character, so that a non-ASCII text that is cut never fills exactly as many bytes.
    if (this.buffer!.write(text, this.at, length + 4) === length) {
      this.at += length;
      return true;
    }
    this.at = at;
    return this.anyText(text);
  }

  private anyText(text: string): boolean {
    const encoded = hasBuffer ? undefined : encoder.encode(text);
    const size = encoded === undefined ? Buffer.byteLength(text) : encoded.length;
    if (!this.reserve(size + HEAD)) return false;
    this.size(size);
    if (encoded === undefined) this.buffer!.write(text, this.at, size);
    else this.bytes.set(encoded, this.at);
    this.at += size;
    return true;
  }

  /** The header of a text. */
  private size(size: number): void {
    if (size <= FIXSTR) this.bytes[this.at++] = 0xa0 | size;
    else if (size < 0x100) this.sized8(0xd9, size);
    else if (size < 0x1_0000) this.sized16(0xda, size);
    else this.sized32(0xdb, size);
  }

  private number(value: number): void {
    if ((value | 0) !== value) {
      if (value >= 0 && value <= 0xffff_ffff && Math.floor(value) === value) this.sized32(0xce, value);
      else {
        this.bytes[this.at] = 0xcb;
        this.view.setFloat64(this.at + 1, value);
        this.at += 9;
      }
    } else if (value >= 0) {
      if (value < 0x80) this.bytes[this.at++] = value;
      else if (value < 0x100) this.sized8(0xcc, value);
      else if (value < 0x1_0000) this.sized16(0xcd, value);
      else this.sized32(0xce, value);
    } else if (value >= -0x20) this.bytes[this.at++] = value;
    else if (value >= -0x80) this.sized8(0xd0, value);
    else if (value >= -0x8000) this.sized16(0xd1, value);
    else this.sized32(0xd2, value);
  }
}

const writer = new QuickWriter();

/**
 * The frame of a message with plain data only; undefined for any other, which msgpackr writes. Throws what a getter
 * throws.
 */
export function quickFrame(message: Outbound): Uint8Array | undefined {
  return writer.frame(message);
}
