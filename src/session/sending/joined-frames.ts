import type { Codec, Frame } from '../../contract/contract.js';
import { bytesOf, exceeds } from './message-size.js';

/** Messages of a turn are joined up to so many bytes: more gains nothing, and the peer may not have reported yet what it reads. */
const JOINED = 256 * 1024;
/** What a codec adds when it joins: around all frames, and to each of them, in bytes. */
const AROUND = 2;
const EACH = 1;
/** A frame of more letters or bytes than this travels alone: to copy it once more costs more than a frame of its own. */
export const LARGE: number = 8 * 1024;

/**
 * Joins frames, in order, into as few as possible of which none has more than `limit` bytes. A frame that has no room
 * beside another one stays as it is, also where `single` asks for a frame of one to be joined, as a batch of one is. Without
 * `single`, so does a large frame.
 */
export function joined(
  join: NonNullable<Codec['join']>,
  frames: readonly Frame[],
  limit: number,
  single = false,
): readonly Frame[] {
  const out: Frame[] = [];
  let group: Frame[] = [];
  let bytes = AROUND;
  const leave = (): void => {
    const all = group.length > 1 || (single && group.length > 0) ? join(group) : undefined;
    if (all !== undefined && !exceeds(all, limit)) out.push(all);
    else out.push(...group);
    group = [];
    bytes = AROUND;
  };
  for (const frame of frames) {
    if (!single && frame.length > LARGE) {
      leave();
      out.push(frame);
      continue;
    }
    const size = bytesOf(frame) + EACH;
    if (bytes + size > limit) leave();
    group.push(frame);
    bytes += size;
  }
  leave();
  return out;
}

/** The frames of a turn in as few as the link and the bounds allow; `length` is that of all of them. */
export function joinedFrames(
  { join }: Codec,
  frames: readonly Frame[],
  length: number,
  most: number,
): readonly Frame[] {
  if (join === undefined) return frames;
  const limit = Math.min(JOINED, most);
  return surelyFits(frames, length, limit) ? [join(frames)] : joined(join, frames, limit);
}

/** Whether frames of `length` letters or bytes in all can be joined as they are: they surely fit, and none is large. */
function surelyFits(frames: readonly Frame[], length: number, limit: number): boolean {
  // A letter takes three bytes at most.
  if (AROUND + EACH * frames.length + 3 * length > limit) return false;
  return length <= LARGE || !frames.some((frame) => frame.length > LARGE);
}
