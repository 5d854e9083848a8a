import type { Frame, FramingFactory, Wire } from '../../../src/contract/contract.js';
import { framingFor } from '../../../src/contract/framing/framings.js';
import type { Body } from './store.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * What a task or an answer is as one value, and back: one frame, as it is; with a security, a header and its message, or several of these,
 * in the framing of the codec.
 */
export class QueueFrames {
  private readonly framing: FramingFactory | undefined;
  private readonly form: 'text' | 'bytes';

  /** Throws a UsageError for a codec whose frames are values. */
  constructor(wire: Wire) {
    const framing = framingFor(undefined, wire);
    this.framing = wire.sealed ? framing : undefined;
    this.form = wire.form as 'text' | 'bytes';
  }

  pack(frames: readonly Frame[]): Body {
    const { framing, form } = this;
    if (framing !== undefined) return framing(form, Number.MAX_SAFE_INTEGER).wrap(frames);
    return (frames.length === 1 ? frames[0] : frames.join('\n')) as Body;
  }

  /** Throws a ProtocolError if it is not in the framing. What another program has stored may be in the other form. */
  unpack(body: Body, most: number): readonly Frame[] {
    const { framing, form } = this;
    if (framing === undefined) return [form === 'text' ? textOf(body) : bytesOf(body)];
    const frames: Frame[] = [];
    const reader = framing(form, most);
    reader.push(bytesOf(body), (frame) => frames.push(frame));
    reader.end((frame) => frames.push(frame));
    return frames;
  }
}

function textOf(body: Body): string {
  return typeof body === 'string' ? body : decoder.decode(body);
}

/** As bytes in UTF-8. */
export function bytesOf(body: Body): Uint8Array {
  return typeof body === 'string' ? encoder.encode(body) : body;
}
