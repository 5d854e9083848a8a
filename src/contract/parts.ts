/*
 * A frame that consists of several parts, for codecs whose protocol has messages of several parts (`Codec.parts`): before each part are its
 * flags (1: more parts follow, 2: it is long) and its length, in one byte, or in eight if it is long, highest byte first. This is what ZMTP
 * sends.
 */

const MORE = 1;
const LONG = 2;
/** The longest part whose length is one byte. */
const SHORT = 255;

/** Several parts as one frame. */
export function joinParts(parts: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const { length } of parts) size += length + (length > SHORT ? 9 : 2);
  const frame = new Uint8Array(size);
  let at = 0;
  for (let n = 0; n < parts.length; n++) {
    const part = parts[n] as Uint8Array;
    const more = n < parts.length - 1 ? MORE : 0;
    if (part.length > SHORT) {
      frame[at] = more | LONG;
      new DataView(frame.buffer).setBigUint64(at + 1, BigInt(part.length));
      at += 9;
    } else {
      frame[at] = more;
      frame[at + 1] = part.length;
      at += 2;
    }
    frame.set(part, at);
    at += part.length;
  }
  return frame;
}

/** The parts of a frame, as views of it. Throws a RangeError if it is cut off, has bytes after its last part, or more than `most` parts. */
export function splitParts(frame: Uint8Array, most: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0, more = MORE; more !== 0; ) {
    if (parts.length === most) throw new RangeError(`the frame has more than ${most} parts`);
    const flags = byteAt(frame, at);
    if (flags > (MORE | LONG)) throw new RangeError(`0x${flags.toString(16)} is not the beginning of a part`);
    const start = at + ((flags & LONG) === 0 ? 2 : 9);
    const length = (flags & LONG) === 0 ? byteAt(frame, at + 1) : longAt(frame, at + 1);
    at = start + length;
    if (at > frame.length) throw new RangeError('the last part of the frame is cut off');
    parts.push(frame.subarray(start, at));
    more = flags & MORE;
    if (more === 0 && at < frame.length) throw new RangeError('the frame has bytes after its last part');
  }
  return parts;
}

function byteAt(frame: Uint8Array, at: number): number {
  const byte = frame[at];
  if (byte === undefined) throw new RangeError('the frame ends before its last part');
  return byte;
}

function longAt(frame: Uint8Array, at: number): number {
  if (at + 8 > frame.length) throw new RangeError('the frame ends before its last part');
  return Number(new DataView(frame.buffer, frame.byteOffset, frame.length).getBigUint64(at));
}
