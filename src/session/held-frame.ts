import type { Frame, Message } from '../contract/contract.js';
import type { PeerLoad } from './peer-load.js';

/** Frames that are shorter than this, in letters or bytes, are not weighed: their calls count by their number alone. */
export const WEIGHED = 256;
/** What a call at work costs besides its arguments, about, in bytes. */
export const CALL_BYTES = 512;

/** From this length on a frame that looks costly is weighed by its values. */
const WALKED = 16 * 1024;
/** So many places of a frame are looked at; of a short one fewer. */
const SAMPLES = 256;
const FEW_SAMPLES = 16;

/** What values take in memory, in bytes; as measured in Node. */
const OBJECT = 64;
const LIST = 40;
const KEY = 32;
const TEXT = 32;
const VALUE = 8;

/** A frame of which something is at work or waits: it counts by what it takes decoded, until the last of it is over. */
export class HeldFrame {
  private users = 0;
  /** What it counts for. */
  private bytes = 0;
  /** What it may count for, as its text looks. */
  private most = 0;
  private walked = 0;

  constructor(
    private readonly load: PeerLoad,
    private frame: Frame | undefined,
  ) {}

  /**
   * The values of one of its messages are about to be held, or were held by something else of it. Once for each message: one of them
   * may be small, and the next one large. The session may be ended within this call.
   */
  weigh(values: unknown): void {
    const { frame, bytes } = this;
    if (frame !== undefined) {
      const { length } = frame;
      this.frame = undefined;
      this.most = guessedBytes(frame);
      // What is short, or looks cheap, is not walked.
      this.bytes = length < WALKED || this.most <= 4 * length ? this.most : length;
    }
    if (this.bytes < this.most) {
      this.walked += walk(values, this.most - this.walked);
      this.bytes = Math.max(this.bytes, Math.min(this.most, this.walked));
    }
    if (this.users > 0 && this.bytes > bytes) this.load.take(this.bytes - bytes);
  }

  /** Something of it begins to wait or to work. The session may be ended within this call. */
  take(): void {
    if (this.users++ === 0) this.load.take(this.bytes);
  }

  /** One of those is over. */
  give(): void {
    if (--this.users === 0) this.load.give(this.bytes);
  }
}

/** A message is going to be held; `weight` is that of its frame, if it is weighed. Once for each message. */
export function hold(message: Message, weight: HeldFrame | undefined): void {
  // A call that has none keeps none, whatever frame is being read when it begins to work.
  if (message.kind === 'call') message.held = weight ?? null;
  weight?.weigh(valuesOf(message));
}

/** The values that a message brings. */
function valuesOf(message: Message): unknown {
  switch (message.kind) {
    case 'call':
      return message.args;
    case 'reply':
      return message.value;
    case 'fault':
      return message.error.data;
    default:
      return undefined;
  }
}

/**
 * About how many bytes a frame takes once it is decoded, as it looks. Looks at a few places of the frame, which nobody can foresee. What
 * looks costly and is long is walked besides: text may be full of braces, and bytes may be anything.
 */
function guessedBytes(frame: Frame): number {
  const { length } = frame;
  if (typeof frame === 'string') return Math.max(length, Math.round(length * costOfText(frame)));
  return frame instanceof Uint8Array ? Math.max(length, Math.round(length * costOfBytes(frame))) : length;
}

/** How many bytes of memory a letter of JSON becomes, about. */
function costOfText(text: string): number {
  const samples = text.length < WALKED ? FEW_SAMPLES : SAMPLES;
  const step = text.length / samples;
  let cost = 0;
  for (let at = Math.random() * step; at < text.length; at += step) {
    const letter = text.charCodeAt(at | 0);
    // A text with such a letter takes two bytes for each.
    if (letter > 0xff) cost += 2;
    switch (letter) {
      case 0x7b: // {
        cost += OBJECT;
        break;
      case 0x5b: // [
        cost += LIST;
        break;
      case 0x3a: // :
        cost += KEY;
        break;
      case 0x22: // "
        cost += TEXT / 2;
        break;
      case 0x2c: // ,
        cost += VALUE;
    }
  }
  return cost / samples;
}

/** The same of a byte of MessagePack. */
function costOfBytes(bytes: Uint8Array): number {
  const samples = bytes.length < WALKED ? FEW_SAMPLES : SAMPLES;
  const step = bytes.length / samples;
  let cost = 0;
  for (let at = Math.random() * step; at < bytes.length; at += step) {
    const byte = bytes[at | 0] as number;
    if (byte < 0x80 || byte >= 0xe0) cost += VALUE;
    else if (byte < 0x90 || byte === 0xde || byte === 0xdf) cost += OBJECT + VALUE + KEY * (byte & 0x0f);
    else if (byte < 0xa0 || byte === 0xdc || byte === 0xdd) cost += LIST + VALUE;
    else cost += byte < 0xc0 ? TEXT + VALUE : VALUE;
  }
  return cost / samples;
}

/** What values take in memory, about; no further than `most`. Without recursion, for they may be nested deeply. */
function walk(values: unknown, most: number): number {
  const open: object[] = [];
  let bytes = 0;
  const add = (value: unknown): void => {
    if (typeof value === 'string') bytes += TEXT + 2 * value.length;
    else if (typeof value !== 'object' || value === null) bytes += VALUE;
    else if (ArrayBuffer.isView(value)) bytes += OBJECT + value.byteLength;
    else {
      bytes += Array.isArray(value) ? LIST : OBJECT;
      if (!isEmpty(value)) open.push(value);
    }
  };
  add(values);
  for (let next = open.pop(); next !== undefined && bytes < most; next = open.pop()) {
    if (Array.isArray(next) || next instanceof Set) {
      for (const item of next) {
        bytes += VALUE;
        add(item);
      }
    } else if (next instanceof Map) {
      for (const [key, item] of next) {
        bytes += KEY;
        add(key);
        add(item);
      }
    } else {
      for (const key in next) {
        bytes += KEY + key.length;
        add((next as Record<string, unknown>)[key]);
      }
    }
  }
  return bytes;
}

function isEmpty(value: object): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (value instanceof Map || value instanceof Set) return value.size === 0;
  for (const _ in value) return false;
  return true;
}
