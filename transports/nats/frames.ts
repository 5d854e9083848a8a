import type { Frame, FramingFactory, Wire } from '../../src/contract/contract.js';
import { Code, ProtocolError } from '../../src/contract/errors.js';

/** Kept free for a header of a security in a message, in bytes. */
const HEADER_BYTES = 1_024;

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Makes messages of frames and frames of messages. A message is one frame, as it is; with a security, it is a header and a frame, or
 * several of these, in the framing of the codec, so that they stay together.
 */
export class NatsFrames {
  /** Only with a security. */
  private readonly framing: FramingFactory | undefined;
  private readonly text: boolean;
  /** The largest message that is accepted, in bytes. */
  private readonly limit: number;

  /** `factory`: the framing of the codec; pages, which have no security here, have none. */
  constructor(
    private readonly wire: Wire,
    private readonly factory: FramingFactory | undefined,
  ) {
    this.framing = wire.sealed ? factory : undefined;
    this.text = wire.form === 'text';
    this.limit = wire.listen ? wire.acceptedFrameBytes : wire.limits.frameBytes;
  }

  /** The largest frame, if the largest message has so many bytes. */
  largest(message: number): number {
    return this.framing === undefined ? message : message - HEADER_BYTES;
  }

  /** The messages for frames on the way to one peer, each of at most so many bytes where frames can be separated. */
  pack(frames: readonly Frame[], most: number): readonly (string | Uint8Array)[] {
    if (this.framing === undefined) return frames as readonly (string | Uint8Array)[];
    const messages: (string | Uint8Array)[] = [];
    let group: Frame[] = [];
    let bytes = 0;
    for (const frame of frames) {
      const size = bytesOf(frame) + HEADER_BYTES / 2;
      if (bytes + size > most && group.length > 0) {
        messages.push(this.together(group));
        group = [];
        bytes = 0;
      }
      group.push(frame);
      bytes += size;
    }
    if (group.length > 0) messages.push(this.together(group));
    return messages;
  }

  /** One message for frames that belong together. */
  together(frames: readonly Frame[]): string | Uint8Array {
    const [first] = frames;
    if (this.framing === undefined && frames.length === 1) return first as string | Uint8Array;
    if (this.factory === undefined) return frames.join('\n');
    return this.factory(this.wire.form as 'text' | 'bytes', Number.MAX_SAFE_INTEGER).wrap(frames);
  }

  /** Passes on the frames of a message, in order. Throws a ProtocolError if it is too large, or is not in the framing. */
  unpack(message: Uint8Array, give: (frame: Frame) => void): void {
    if (message.length > this.limit) {
      throw new ProtocolError(`a message of ${message.length} bytes is larger than ${this.limit} bytes`, Code.TooLarge);
    }
    const { framing } = this;
    if (framing === undefined) {
      give(this.text ? decoder.decode(message) : message);
      return;
    }
    const frames: Frame[] = [];
    const reader = framing(this.wire.form as 'text' | 'bytes', this.limit);
    reader.push(message, (frame) => frames.push(frame));
    reader.end((frame) => frames.push(frame));
    for (const frame of frames) give(frame);
  }
}

/** At least so many bytes: a letter of a text may be up to three. */
function bytesOf(frame: Frame): number {
  return typeof frame === 'string' ? frame.length * 3 : frame.length;
}
