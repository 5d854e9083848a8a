import { beginningOf } from '../../base/quote.js';
import { Code, ProtocolError } from '../errors.js';

/**
 * A frame is larger than the limit: the stream is lost, because the rest of the frame is not read. `read` begins with
 * the frame, or with its announced size.
 */
export function oversized(limit: number, size?: number, read?: Uint8Array): ProtocolError {
  const came = size === undefined ? 'came' : `of ${size} came`;
  const shown = read === undefined ? '' : `, which begins with ${beginningOf(read)}`;
  return new ProtocolError(
    `a frame has at most ${limit} bytes, but a larger one ${came}${shown}; the bound is \`limits.frameBytes\``,
    Code.TooLarge,
  );
}

/** The stream is not at the beginning of a frame. */
export function lost(what: string): ProtocolError {
  return new ProtocolError(what, Code.ParseError);
}

/** The stream has ended inside a frame. */
export function cutOff(): ProtocolError {
  return lost('the stream ended in the middle of a frame');
}
