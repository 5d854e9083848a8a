import { beginningOf } from '../../../src/base/quote.js';
import type { Form, Frame, Parcel } from '../../../src/contract/contract.js';
import { Code, ProtocolError } from '../../../src/contract/errors.js';

/**
 * The messages on a port: arrays whose first element is their kind. Other messages on the port are ignored.
 *
 * - `ready` starts a conversation; `answer` confirms the `ready` of the other end. Until one of them has arrived,
 *   frames wait at their
 *   sender, because a Worker loses messages that arrive before it listens.
 * - `text`, `bytes` and `values` hold the frames of one tick.
 * - `end` is a clean end, confirmed by `ended`; `cut` is an abrupt one.
 */
export const Mark = {
  ready: 'obverse:ready',
  answer: 'obverse:answer',
  text: 'obverse:text',
  bytes: 'obverse:bytes',
  values: 'obverse:values',
  end: 'obverse:end',
  ended: 'obverse:ended',
  cut: 'obverse:cut',
} as const;

/** A message to post, and the objects that move with it. */
export interface Post {
  readonly message: readonly unknown[];
  readonly transfer: readonly object[];
}

/**
 * The frames of one tick as one message. Bytes are copied into one buffer of their own, which moves: posting a view
 * would copy the entire buffer behind it.
 */
export function pack(frames: readonly Frame[]): Post {
  const first = frames[0];
  if (typeof first === 'string') return { message: [Mark.text, ...frames], transfer: [] };
  if (first instanceof Uint8Array) return packBytes(frames as readonly Uint8Array[]);
  const message: unknown[] = [Mark.values];
  const transfer: object[] = [];
  for (const parcel of frames as readonly Parcel[]) {
    message.push(parcel.values, parcel.length);
    transfer.push(...parcel.transfer);
  }
  return { message, transfer };
}

function packBytes(frames: readonly Uint8Array[]): Post {
  let size = 0;
  for (const frame of frames) size += frame.length;
  const all = new Uint8Array(size);
  const message: unknown[] = [Mark.bytes, all];
  let at = 0;
  for (const frame of frames) {
    all.set(frame, at);
    at += frame.length;
    message.push(frame.length);
  }
  return { message, transfer: [all.buffer] };
}

/**
 * Passes on the frames of a message, in order. Throws a ProtocolError if it has another form, or a frame above the
 * limit.
 */
export function unpack(message: readonly unknown[], form: Form, limit: number, give: (frame: Frame) => void): void {
  if (message[0] !== Mark[form])
    throw new ProtocolError(`expected ${form} on the port, and ${beginningOf(message[0])} came`);
  if (form === 'text') unpackText(message, limit, give);
  else if (form === 'bytes') unpackBytes(message, limit, give);
  else unpackValues(message, limit, give);
}

function unpackText(message: readonly unknown[], limit: number, give: (frame: Frame) => void): void {
  for (let i = 1; i < message.length; i++) {
    const text = message[i];
    if (typeof text !== 'string') throw broken();
    if (text.length > limit) throw tooLarge(text.length, limit);
    give(text);
  }
}

function unpackBytes(message: readonly unknown[], limit: number, give: (frame: Frame) => void): void {
  const all = message[1];
  if (!(all instanceof Uint8Array)) throw broken();
  let at = 0;
  for (let i = 2; i < message.length; i++) {
    const size = message[i];
    if (!isSize(size) || at + size > all.length) throw broken();
    if (size > limit) throw tooLarge(size, limit);
    give(all.subarray(at, at + size));
    at += size;
  }
}

function unpackValues(message: readonly unknown[], limit: number, give: (frame: Frame) => void): void {
  for (let i = 1; i < message.length; i += 2) {
    const values = message[i];
    const length = message[i + 1];
    if (!Array.isArray(values) || !isSize(length)) throw broken();
    if (length > limit) throw tooLarge(length, limit);
    give({ values, transfer: [], length });
  }
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && value >= 0;
}

function broken(): ProtocolError {
  return new ProtocolError('a message with unreadable frames arrived on the port');
}

function tooLarge(size: number, limit: number): ProtocolError {
  return new ProtocolError(`a frame of ${size} bytes came, and the limit "frameBytes" is ${limit}`, Code.TooLarge);
}
