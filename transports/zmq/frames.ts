import type { Frame, Wire } from '../../src/contract/contract.js';
import { Code, ProtocolError } from '../../src/contract/errors.js';
import { joinParts, splitParts } from '../../src/contract/parts.js';
import type { Outgoing, Parts } from './package.js';

const nothing = new Uint8Array(0);
/** The most parts of a frame that consists of parts. */
const MOST_PARTS = 8;

/** Makes the parts of messages of frames, and frames of them. A frame is one part, unless the frames of the codec consist of parts. */
export class ZmqFrames {
  /** The largest message that is accepted, in bytes. */
  readonly limit: number;
  /** The frames of the codec consist of parts, the first of which is a header. */
  readonly isHeaded: boolean;
  private readonly isText: boolean;
  private readonly isSealed: boolean;

  /** `answers`: whether what is sent can be answered; otherwise headers are left out. */
  constructor(
    wire: Wire,
    private readonly answers: boolean,
  ) {
    this.limit = wire.listen ? wire.acceptedFrameBytes : wire.limits.frameBytes;
    this.isHeaded = wire.parts === 'headed';
    this.isText = wire.form === 'text';
    this.isSealed = wire.sealed;
  }

  /** The parts for one frame, or for a header of a security and its frame. */
  parts(frames: readonly Frame[]): Parts {
    if (!this.isHeaded) return frames.map(bytesOf);
    const parts = splitParts(frames[0] as Uint8Array, MOST_PARTS);
    return this.answers ? parts : parts.slice(1);
  }

  /** The same for a message to several: a text is passed as it is, which the package writes faster than bytes of it. */
  message(frames: readonly Frame[]): Outgoing {
    const [frame] = frames;
    return this.isText && frames.length === 1 ? (frame as string) : this.parts(frames);
  }

  /** The frame in the parts of a message between two peers. Throws a ProtocolError if there is none. */
  frame(parts: Parts): Frame {
    const [part] = parts;
    if (this.isHeaded) return this.headed(parts);
    if (part === undefined || parts.length !== 1) throw this.wrong(parts, '1');
    this.mustFit(part.length);
    return this.read(part);
  }

  /** The frames of a message that was sent to several: a frame, with a header in front under a security. */
  frames(parts: Parts): readonly Frame[] {
    const [part] = parts;
    if (parts.length === 1 && part !== undefined && !this.isHeaded) {
      this.mustFit(part.length);
      return [this.read(part)];
    }
    if (this.isHeaded) return [this.headed([nothing, ...parts])];
    if (parts.length !== 1 && !(this.isSealed && parts.length === 2))
      throw this.wrong(parts, this.isSealed ? '2' : '1');
    let bytes = 0;
    for (const { length } of parts) bytes += length;
    this.mustFit(bytes);
    return parts.map((part) => this.read(part));
  }

  private read(part: Uint8Array): Frame {
    return this.isText ? (part as Buffer).toString() : part;
  }

  private headed(parts: Parts): Frame {
    if (parts.length > MOST_PARTS) throw this.wrong(parts, `at most ${MOST_PARTS}`);
    let bytes = 0;
    for (const { length } of parts) bytes += length;
    this.mustFit(bytes);
    return joinParts(parts);
  }

  private mustFit(bytes: number): void {
    if (bytes > this.limit)
      throw new ProtocolError(`a message of ${bytes} bytes is larger than ${this.limit} bytes`, Code.TooLarge);
  }

  private wrong(parts: Parts, expected: string): ProtocolError {
    return new ProtocolError(`a message has ${parts.length} parts, and not ${expected}`, Code.ParseError);
  }
}

/** A frame as bytes. */
export function bytesOf(frame: Frame): Uint8Array {
  return typeof frame === 'string' ? Buffer.from(frame) : (frame as Uint8Array);
}
