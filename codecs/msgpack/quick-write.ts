import type { Outbound } from '../../src/contract.js';

const SLAB = 64 * 1024;
/** What is free at least where a message begins; a larger one is not written here. */
const ROOM = 1024;
/** The largest header of a value, or a number. */
const HEAD = 9;
/** Up to this length a loop over the characters is faster than a call of an encoder. */
const SHORT = 63;
const FIXSTR = 31;
/** How many items an array or a map has at most whose size is part of its token. */
const FEW = 15;

const hasBuffer = typeof Buffer !== 'undefined';

/**
 * Writes the messages that nearly all are: a call or its answer, whose values are numbers, short ASCII strings, true, false or
 * null, or plain objects of them. The bytes are those that msgpackr writes, in a third of the time: it makes an array for the
 * message and a new beginning for each. Messages lie one behind the other in a piece of memory, of which each frame is a view;
 * what has been written is never written again, and a full piece lives as long as its last frame.
 */
class QuickWriter {
  private memory!: ArrayBufferLike;
  private bytes!: Uint8Array;
  private view!: DataView;
  private at = 0;

  constructor() {
    this.renew();
  }

  /** The frame of the message, or undefined if it holds anything else. */
  frame(message: Outbound): Uint8Array | undefined {
    if (this.bytes.length - this.at < ROOM) this.renew();
    const from = this.at;
    if (this.message(message)) return new Uint8Array(this.memory, from, this.at - from);
    this.at = from;
    return undefined;
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
        for (let i = 0; i < args.length; i++) if (!this.value(args[i])) return false;
        return true;
      }
      case 'reply':
        this.bytes[this.at++] = 0x94;
        this.bytes[this.at++] = 1;
        if (!this.leaf(message.id)) return false;
        this.bytes[this.at++] = 0xc0;
        return this.value(message.value);
      case 'fault':
        return false;
    }
  }

  private value(value: unknown): boolean {
    return typeof value === 'object' && value !== null ? this.fields(value) : this.leaf(value);
  }

  private fields(object: object): boolean {
    if (Object.getPrototypeOf(object) !== Object.prototype) return false;
    const keys = Object.keys(object);
    if (keys.length > FEW || this.at + HEAD > this.bytes.length) return false;
    this.bytes[this.at++] = 0x80 | keys.length;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!;
      const value = (object as { readonly [key: string]: unknown })[key];
      // A field that is undefined is left out, which changes the header.
      if (value === undefined || !this.text(key) || !this.leaf(value)) return false;
    }
    return true;
  }

  private leaf(value: unknown): boolean {
    if (this.at + HEAD > this.bytes.length) return false;
    switch (typeof value) {
      case 'string':
        return this.text(value);
      case 'number':
        this.number(value);
        return true;
      case 'boolean':
        this.bytes[this.at++] = value ? 0xc3 : 0xc2;
        return true;
      case 'undefined':
        this.bytes[this.at++] = 0xc0;
        return true;
      default:
        if (value !== null) return false;
        this.bytes[this.at++] = 0xc0;
        return true;
    }
  }

  private text(text: string): boolean {
    const { length } = text;
    const { bytes } = this;
    if (length > SHORT || this.at + length + HEAD > bytes.length) return false;
    if (length <= FIXSTR) bytes[this.at++] = 0xa0 | length;
    else this.sized8(0xd9, length);
    let { at } = this;
    let bits = 0;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      bits |= unit;
      bytes[at++] = unit;
    }
    this.at = at;
    return bits < 0x80;
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

  private sized8(token: number, value: number): void {
    this.bytes[this.at] = token;
    this.bytes[this.at + 1] = value;
    this.at += 2;
  }

  private sized16(token: number, value: number): void {
    this.bytes[this.at] = token;
    this.bytes[this.at + 1] = value >> 8;
    this.bytes[this.at + 2] = value;
    this.at += 3;
  }

  private sized32(token: number, value: number): void {
    this.bytes[this.at] = token;
    this.view.setUint32(this.at + 1, value);
    this.at += 5;
  }

  /** All of it is written before it is shown, so that Node need not fill it with zeros. */
  private renew(): void {
    this.memory = hasBuffer ? Buffer.allocUnsafeSlow(SLAB).buffer : new ArrayBuffer(SLAB);
    this.bytes = new Uint8Array(this.memory);
    this.view = new DataView(this.memory);
    this.at = 0;
  }
}

const writer = new QuickWriter();

/** The frame of a message whose values are all plain and small; undefined for any other, which msgpackr writes. */
export function quickFrame(message: Outbound): Uint8Array | undefined {
  return writer.frame(message);
}
