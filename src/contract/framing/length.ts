import type { Frame, Framing, FramingFactory } from '../contract.js';
import { type Expected, isHeaders, isMessagePack, isText, refuseForeign, withoutBom } from './beginning.js';
import { asBuffer, PartialFrame } from './partial-frame.js';
import { cutOff, oversized } from './refusals.js';
import { utf8Text } from './text.js';

const HEADER = 4;
/** The number of bytes that are inspected to detect something other than a size. */
const LOOK = 24;

const expected: Expected = {
  what: 'the size of each frame before it, in 4 bytes (the framing "length")',
  foreign(head) {
    if (isHeaders(head)) return 'headers of the framing "headers"';
    if (isMessagePack(head)) return 'MessagePack without sizes';
    return isText(head) ? 'text' : undefined;
  },
};

/** Frames with their size in bytes before them, as 4 bytes, big-endian. A frame may be empty. */
class Length implements Framing {
  private readonly kept = new PartialFrame();
  /** A frame has arrived. */
  private begun = false;

  constructor(
    private readonly text: boolean,
    private readonly limit: number,
  ) {}

  get held(): number {
    return this.kept.room;
  }

  wrap(frames: readonly Frame[]): Buffer {
    let size = HEADER * frames.length;
    for (const frame of frames) {
      size += typeof frame === 'string' ? Buffer.byteLength(frame) : (frame as Uint8Array).length;
    }
    const out = Buffer.allocUnsafe(size);
    let at = 0;
    for (const frame of frames) {
      const from = at + HEADER;
      if (typeof frame === 'string') at = from + out.write(frame, from);
      else {
        out.set(frame as Uint8Array, from);
        at = from + (frame as Uint8Array).length;
      }
      out.writeUInt32BE(at - from, from - HEADER);
    }
    return out;
  }

  push(chunk: Uint8Array, give: (frame: Frame) => void): void {
    const bytes = asBuffer(chunk);
    let at = 0;
    if (this.kept.size > 0) {
      at = this.complete(bytes, give);
      if (this.kept.size > 0) return;
    }
    while (bytes.length - at >= HEADER) {
      const size = this.judged(bytes.readUInt32BE(at), bytes.subarray(at));
      const from = at + HEADER;
      if (bytes.length - from < size) {
        this.kept.add(bytes, at, bytes.length, HEADER + size);
        return;
      }
      at = from + size;
      give(this.text ? utf8Text(bytes, from, at) : bytes.subarray(from, at));
    }
    if (at < bytes.length) this.kept.add(bytes, at, bytes.length);
  }

  end(): void {
    if (this.kept.size > 0) throw cutOff();
  }

  /** Adds the missing bytes to what is kept, and passes it on if it is complete. Returns where the chunk continues. */
  private complete(bytes: Buffer, give: (frame: Frame) => void): number {
    let at = 0;
    if (this.kept.size < HEADER) {
      at = Math.min(HEADER - this.kept.size, bytes.length);
      this.kept.add(bytes, 0, at, HEADER);
      if (this.kept.size < HEADER) return at;
    }
    const head = this.kept.bytes();
    const whole = HEADER + this.judged(head.readUInt32BE(0), head);
    const to = Math.min(at + whole - this.kept.size, bytes.length);
    this.kept.add(bytes, at, to, whole);
    if (this.kept.size === whole) {
      const frame = this.kept.take();
      give(this.text ? utf8Text(frame, HEADER) : frame.subarray(HEADER));
    }
    return to;
  }

  /** `bytes` begin with the size. */
  private judged(size: number, bytes: Buffer): number {
    if (size <= this.limit) {
      this.begun = true;
      return size;
    }
    this.kept.drop();
    // Not an honest size, or not a size.
    if (!this.begun) refuseForeign(withoutBom(bytes.subarray(0, LOOK)), bytes, expected);
    throw oversized(this.limit, size, bytes);
  }
}

/** The size in bytes before each frame, as 4 bytes, big-endian. Text is sent as UTF-8. */
export const length: FramingFactory = (form, limit) => new Length(form === 'text', limit);
