import type { Frame, Message } from '../../contract/contract.js';
import type { PeerLoad } from '../peer-load.js';

/** Frames shorter than this, in letters or bytes, are not weighed: only the number of their calls counts. */
export const WEIGHED = 256;
/** About how many bytes a call takes besides its arguments. */
export const CALL_BYTES = 512;

/** From this length on, the values of a frame that looks costly are weighed. */
const WALKED = 16 * 1024;
/** How many places of a long and of a short frame are sampled. */
const SAMPLES = 256;
const FEW_SAMPLES = 16;

/** How many bytes values take in memory, as measured in Node. */
const OBJECT = 64;
const LIST = 40;
const KEY = 32;
const TEXT = 32;
const VALUE = 8;

/** The memory of a decoded frame. It counts as held for the peer until the last call or reply of the frame is finished. */
export class FrameMemory {
  private holders = 0;
  /** How many bytes are counted. */
  private bytes = 0;
  /** The most bytes that may be counted, as estimated from the frame. */
  private most = 0;
  private walked = 0;

  constructor(
    private readonly load: PeerLoad,
    private frame: Frame | undefined,
  ) {}

  /**
   * Weighs the values of one of the messages of the frame. Called once for each message that is held: one message of a batch may be
   * small, and the next one large. The session may end within this call.
   */
  weigh(values: unknown): void {
    const { frame, bytes } = this;
    if (frame !== undefined) {
      const { length } = frame;
      this.frame = undefined;
      this.most = guessedBytes(frame);
      // The values of a short frame, or of one that looks cheap, are not visited.
      this.bytes = length < WALKED || this.most <= 4 * length ? this.most : length;
    }
    if (this.bytes < this.most) {
      this.walked += walk(values, this.most - this.walked);
      this.bytes = Math.max(this.bytes, Math.min(this.most, this.walked));
    }
    if (this.holders > 0 && this.bytes > bytes) this.load.add(this.bytes - bytes);
  }

  /** A call or reply of the frame begins to run or to wait. The session may end within this call. */
  retain(): void {
    if (this.holders++ === 0) this.load.add(this.bytes);
  }

  /** One of those is finished. */
  release(): void {
    if (--this.holders === 0) this.load.subtract(this.bytes);
  }
}

/** Weighs a message that is going to wait or to run. `weight`: the memory of its frame, if that is weighed. Called once for each message. */
export function weighMessage(message: Message, weight: FrameMemory | undefined): void {
  // A call without it keeps null, whatever frame is being read when the call begins to run.
  if (message.kind === 'call') message.frameMemory = weight ?? null;
  weight?.weigh(valuesOf(message));
}

/** The values of a message. */
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
 * Estimates how many bytes a frame takes once it is decoded, from random samples, which a peer cannot foresee. The values of a long
 * frame that looks costly are visited in addition: its text may be full of braces, and its bytes may be anything.
 */
function guessedBytes(frame: Frame): number {
  const { length } = frame;
  if (typeof frame === 'string') return Math.max(length, Math.round(length * costOfText(frame)));
  return frame instanceof Uint8Array ? Math.max(length, Math.round(length * costOfBytes(frame))) : length;
}

/** About how many bytes of memory a letter of JSON takes once decoded. */
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

/** The same for a byte of MessagePack. */
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

/** About how many bytes values take in memory; stops above `most`. Without recursion: values may be nested deeply. */
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
