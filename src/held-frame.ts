import type { Frame } from './contract.js';
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

/** A frame whose calls are at work or wait: it counts by what it takes decoded, until the last of them is over. */
export class HeldFrame {
  private users = 0;
  private bytes = 0;

  constructor(
    private readonly load: PeerLoad,
    private frame: Frame | undefined,
  ) {}

  /** One of its calls, with these arguments, begins to wait or to work. The session may be ended within this call. */
  take(args: unknown): void {
    if (this.frame !== undefined) this.bytes = decodedBytes(this.frame, args);
    this.frame = undefined;
    if (this.users++ === 0) this.load.take(this.bytes);
  }

  /** One of them is over. */
  give(): void {
    if (--this.users === 0) this.load.give(this.bytes);
  }
}

/**
 * About how many bytes a frame takes once it is decoded; `values` is something of what was decoded of it. Looks at a few
 * places of the frame, which nobody can foresee; what looks costly and is long is walked: text may be full of braces, and bytes may be anything.
 */
export function decodedBytes(frame: Frame, values: unknown): number {
  const { length } = frame;
  if (typeof frame !== 'string' && !(frame instanceof Uint8Array)) return length;
  const guessed = Math.round(length * (typeof frame === 'string' ? costOfText(frame) : costOfBytes(frame)));
  if (guessed <= 4 * length) return Math.max(length, guessed);
  return length < WALKED ? guessed : Math.max(length, Math.min(guessed, walk(values, guessed)));
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
