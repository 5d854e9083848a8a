import { expect } from 'vitest';
import type { Frame, Framing } from '../../src/contract/contract.js';
import { ProtocolError } from '../../src/contract/errors.js';

/** The frames of a stream, with the rest at its end, and the error that ended it. */
export function readAll(framing: Framing, ...chunks: (string | Uint8Array)[]): { frames: Frame[]; error: unknown } {
  const frames: Frame[] = [];
  try {
    for (const chunk of chunks) framing.push(Buffer.from(chunk as string), (frame) => frames.push(frame));
    framing.end((frame) => frames.push(frame));
    return { frames, error: undefined };
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    return { frames, error };
  }
}
