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
import { join } from './join.js';
import { own, WORTH_OWNING } from './owned.js';
import { ARRAYS, fixed, leaves, MAPS, more, NEVER, wide } from './tokens.js';

const nothing = new Uint8Array(0);
/** How much more memory may be taken than has come, where the size of a message is announced. */
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
 * Cuts a stream of MessagePack where messages end: values delimit themselves. One counter of the values that are still to
 * come is all that has to be known of a message that has begun, so that the scan can stop at any byte and go on with the
 * next chunk. All messages that are whole in a chunk are given as one frame, a view of it: one for each would cost more than
 * reading them.
 */
class SelfDelimiting implements Framing {
  /** How many values of the message are still to come. Between messages, the next one itself. */
  private todo = 1;
  /** How many bytes of a value are still to come before the next. */
  private skip = 0;
  /** A token whose size has not come yet, how many bytes of it are missing, and what has come. */
  private token = 0;
  private missing = 0;
  private size = 0;
  /** The beginning of a message, in memory of its own. */
  private room: Uint8Array = nothing;
  private kept = 0;
  /** The first bytes of the stream, until enough of them have come to say what they are. */
  private first: Uint8Array | undefined = nothing;

  constructor(private readonly limit: number) {}

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
    /** Where the message begins; before the chunk, if a part of it is held. */
    let begin = -this.kept;
    /** What lies between here and there is whole and not yet given. */
    let from = 0;
    for (;;) {
      // Each value to come has a byte at least: what is announced is judged before it comes.
      if (at - begin + todo > this.limit) {
        this.give(chunk, from, begin, give);
        throw this.refuse(at - begin + todo, begin < 0 ? undefined : chunk.subarray(begin));
      }
      if (todo === 0) {
        if (at > length) break;
        if (begin < 0) {
          give(this.complete(chunk, at));
          from = at;
        } else if (at - from > this.limit) {
          this.give(chunk, from, begin, give);
          from = begin;
        }
        begin = at;
        todo = 1;
      }
      if (at >= length) break;
      // Most values are small and of a known size: what a row of them adds to the size of the message is judged behind it.
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

  /** Goes on with a size that was cut in two. Tells where the next value begins, if it is in the chunk. */
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

  /** Keeps a part of the chunk. `whole` is how large the message is at least, as far as that is known. */
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

  /** The message that is held, with the beginning of the chunk, which completes it. */
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

  /** `read` begins with the message, unless that is held. */
  private refuse(size: number, read: Uint8Array = this.room.subarray(0, this.kept)): Error {
    this.drop();
    return oversized(this.limit, size, read);
  }

  private broken(rest: Uint8Array): Error {
    this.drop();
    return lost(`this is no MessagePack: the byte c1 begins no value, as in ${beginningOf(rest)}`);
  }
}

/**
 * How much room a message gets that has outgrown its first. What it announces, so that a large value is copied once, but no
 * more than a peer pays for by what it has sent; and in any case so much more that it is not copied again with each chunk.
 */
function roomFor(held: number, whole: number): number {
  return whole > 1.25 * held ? Math.min(whole, CREDIT * held) : 2 * held;
}

/** The framing of MessagePack by itself: values say where they end. It carries bytes only, and only MessagePack. */
export const selfDelimiting: FramingFactory = (form, limit) => {
  if (form !== 'bytes')
    throw new UsageError('MessagePack delimits itself and carries bytes; text needs another framing');
  return new SelfDelimiting(limit);
};
