import { beginningOf } from '../../src/base/quote.js';
import type { Frame, Framing, FramingFactory } from '../../src/contract/contract.js';
import { UsageError } from '../../src/contract/errors.js';
import {
  type Expected,
  isHeaders,
  isMessagePack,
  isSized,
  isText,
  look,
} from '../../src/contract/framing/beginning.js';
import { cutOff, lost, oversized } from '../../src/contract/framing/refusals.js';
import { ARRAYS, fixed, leaves, MAPS, more, NEVER, wide } from '../shared/msgpack/tokens.js';
import { join } from './join.js';
import { own, WORTH_OWNING } from './owned.js';

const nothing = new Uint8Array(0);
/** How much more memory than has been received may be allocated for a message whose size is announced. */
const CREDIT = 16;

type Give = (frame: Frame) => void;

const expected: Expected = {
  what: 'MessagePack',
  foreign(head) {
    if (isMessagePack(head)) return undefined;
    if (isHeaders(head)) return 'headers of the framing "headers"';
    if (isSized(head)) return 'the size of a frame of the framing "length"';
    return isText(head) ? 'text' : undefined;
  },
};

/**
 * Splits a stream of MessagePack at the ends of messages: values delimit themselves. For a message that has begun, the
 * only state is a counter of values that are still to come, so the scan can stop at any byte and go on with the next
 * chunk. All messages that are complete in a chunk become one frame, a view of it: a frame for each would cost more
 * than reading them. Under a security each is a frame: it describes the next one.
 */
class SelfDelimiting implements Framing {
  readonly between = '';
  /** The number of values of the message that are still to come. Between messages, the next message itself. */
  private todo = 1;
  /** The number of bytes before the next value begins. */
  private skip = 0;
  /** A token whose size is incomplete, the number of its missing bytes, and the bytes received. */
  private token = 0;
  private missing = 0;
  private size = 0;
  /** The beginning of a message, in memory of its own. */
  private room: Uint8Array = nothing;
  private kept = 0;
  /** The first bytes of the stream, until there are enough of them to detect another framing. */
  private first: Uint8Array | undefined = nothing;

  /** Frames of several messages are at most so long, in bytes. */
  private readonly most: number;

  constructor(
    private readonly limit: number,
    single = false,
  ) {
    this.most = single ? 0 : limit;
  }

  get held(): number {
    return this.room.length;
  }

  wrap(frames: readonly Frame[]): Uint8Array {
    return join(frames);
  }

  push(chunk: Uint8Array, give: Give): void {
    if (this.first !== undefined) this.first = look(this.first, chunk, expected);
    const { length } = chunk;
    let at = this.missing > 0 ? this.resume(chunk) : this.skip;
    let { todo } = this;
    /** Where the message begins; negative if a part of it is held. */
    let begin = -this.kept;
    /** The bytes between here and there are complete and not yet passed on. */
    let from = 0;
    for (;;) {
      // Each expected value has at least one byte, so the announced size is checked before the bytes arrive.
      if (at - begin + todo > this.limit) {
        this.give(chunk, from, begin, give);
        throw this.refuse(at - begin + todo, begin < 0 ? undefined : chunk.subarray(begin));
      }
      if (todo === 0) {
        if (at > length) break;
        if (begin < 0) {
          give(this.complete(chunk, at));
          from = at;
        } else if (at - from > this.most) {
          this.give(chunk, from, begin, give);
          from = begin;
        }
        begin = at;
        todo = 1;
      }
      if (at >= length) break;
      // Most values are small and of known size: what a run of them adds to the size of the message is checked after
      // the run.
      const row = at;
      for (let step = leaves[chunk[at]!]!; step > 0 && todo > 0; step = leaves[chunk[at]!]!) {
        at += step;
        todo--;
        if (at >= length) break;
      }
      if (at > row) continue;
      const token = chunk[at]!;
      const width = wide[token]!;
      if (width === 0) {
        if (token === NEVER) {
          this.give(chunk, from, begin, give);
          throw this.broken(chunk.subarray(at));
        }
        at += 1 + fixed[token]!;
        todo += more[token]! - 1;
      } else {
        const after = at + 1 + width;
        if (after > length) {
          this.token = token;
          this.missing = after - length;
          for (at++; at < length; at++) this.size = this.size * 256 + chunk[at]!;
          break;
        }
        let size = 0;
        for (at++; at < after; at++) size = size * 256 + chunk[at]!;
        if (token < ARRAYS) at += fixed[token]! + size;
        else todo += token < MAPS ? size : 2 * size;
        todo--;
      }
    }
    this.give(chunk, from, begin, give);
    if (begin < length) this.keep(chunk, Math.max(begin, 0), length, at - begin + todo);
    this.skip = at - length;
    this.todo = todo;
  }

  end(): void {
    if (this.kept > 0) throw cutOff();
  }

  /**
   * Continues with a size that was split between chunks. Returns where the next value begins, if it is in the chunk.
   */
  private resume(chunk: Uint8Array): number {
    let at = 0;
    for (; this.missing > 0 && at < chunk.length; this.missing--) this.size = this.size * 256 + chunk[at++]!;
    if (this.missing > 0) return at;
    if (this.token < ARRAYS) at += fixed[this.token]! + this.size;
    else this.todo += this.token < MAPS ? this.size : 2 * this.size;
    this.todo--;
    this.size = 0;
    return at;
  }

  private give(chunk: Uint8Array, from: number, to: number, give: Give): void {
    if (to > from) give(from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to));
  }

  /** Keeps a part of the chunk. `whole` is the minimum size of the message, as far as it is known. */
  private keep(chunk: Uint8Array, from: number, to: number, whole: number): void {
    const held = this.kept + to - from;
    if (held > this.room.length) {
      const size = this.kept === 0 || whole === held ? held : roomFor(held, whole);
      const room = size < WORTH_OWNING ? Buffer.allocUnsafe(size) : Buffer.allocUnsafeSlow(size);
      room.set(this.room.subarray(0, this.kept));
      this.room = room;
    }
    this.room.set(from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to), this.kept);
    this.kept = held;
  }

  /** The held message, completed by the beginning of the chunk. */
  private complete(chunk: Uint8Array, to: number): Uint8Array {
    this.keep(chunk, 0, to, this.kept + to);
    const { room, kept: held } = this;
    this.drop();
    return own(held === room.length ? room : room.subarray(0, held));
  }

  private drop(): void {
    this.room = nothing;
    this.kept = 0;
  }

  /** `read` begins with the message, unless a part of it is held. */
  private refuse(size: number, read: Uint8Array = this.room.subarray(0, this.kept)): Error {
    this.drop();
    return oversized(this.limit, size, read);
  }

  private broken(rest: Uint8Array): Error {
    this.drop();
    return lost(`this is not MessagePack: the byte c1 does not begin a value, as in ${beginningOf(rest)}`);
  }
}

/**
 * The capacity for a message that has outgrown its buffer. It is the announced size, so that a large value is copied
 * once, but bounded by what the peer has sent; and in any case it grows enough that the message is not copied with each
 * chunk.
 */
function roomFor(held: number, whole: number): number {
  return whole > 1.25 * held ? Math.min(whole, CREDIT * held) : 2 * held;
}

/** The framing of MessagePack: values delimit themselves. It carries bytes only, and only MessagePack. */
export const selfDelimiting: FramingFactory = (form, limit, single) => {
  if (form !== 'bytes') throw new UsageError('this framing carries MessagePack only; set another framing for text');
  return new SelfDelimiting(limit, single);
};
