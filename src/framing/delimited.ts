import type { Frame, Framing, FramingFactory } from '../contract.js';
import { UsageError } from '../errors.js';
import { asBuffer, Kept } from './kept.js';
import { oversized } from './refusals.js';

const CR = 13;

/**
 * Frames of text that end in one byte, which never occurs inside them: neither a line feed nor a NUL is ever a part of
 * another character in UTF-8, so a stream can be cut at them before it is decoded. Empty frames are skipped.
 *
 * Bytes that are no UTF-8 become U+FFFD, as everywhere in Node: within a string of JSON that is a wrong character, anywhere
 * else a frame that the codec refuses, and in neither case is the stream lost.
 */
class Delimited implements Framing {
  private readonly kept = new Kept();

  constructor(
    private readonly delimiter: '\n' | '\0',
    private readonly limit: number,
  ) {}

  wrap(frames: readonly Frame[]): string {
    return frames.length === 1 ? (frames[0] as string) + this.delimiter : frames.join(this.delimiter) + this.delimiter;
  }

  push(chunk: Uint8Array, give: (frame: Frame) => void): void {
    const bytes = asBuffer(chunk);
    const code = this.delimiter === '\n' ? 10 : 0;
    const last = bytes.lastIndexOf(code);
    let from = 0;
    if (this.kept.size > 0) {
      const first = last < 0 ? -1 : bytes.indexOf(code);
      this.keep(bytes, 0, first < 0 ? bytes.length : first);
      if (first < 0) return;
      from = first + 1;
      this.giveKept(give);
    }
    if (last >= from) {
      // What is not larger than one frame may be holds none that is; otherwise each is looked at before it is decoded.
      if (last - from <= this.limit) this.split(bytes.toString('utf8', from, last), give);
      else this.judgeEach(bytes, from, last, code, give);
      from = last + 1;
    }
    if (from < bytes.length) this.keep(bytes, from, bytes.length);
  }

  end(give: (frame: Frame) => void): void {
    if (this.kept.size > 0) this.giveKept(give);
  }

  /** Keeps a part of a frame, judged together with what is kept; only a CR may stand beyond the bound. */
  private keep(bytes: Buffer, from: number, to: number): void {
    if (to === from) return;
    const size = this.kept.size + to - from;
    const excess = size - this.limit;
    if (excess > 0 && !(excess === 1 && this.delimiter === '\n' && bytes[to - 1] === CR)) {
      this.kept.drop();
      throw oversized(this.limit);
    }
    this.kept.add(bytes, from, to);
  }

  private giveKept(give: (frame: Frame) => void): void {
    const whole = this.kept.take();
    if (this.delimiter === '\n' && whole[whole.length - 1] === CR) {
      if (whole.length > 1) give(whole.toString('utf8', 0, whole.length - 1));
    } else {
      give(whole.toString('utf8'));
    }
  }

  private judgeEach(bytes: Buffer, from: number, last: number, code: number, give: (frame: Frame) => void): void {
    for (let at = from; at <= last; ) {
      const to = bytes.indexOf(code, at);
      const end = this.delimiter === '\n' && to > at && bytes[to - 1] === CR ? to - 1 : to;
      if (end - at > this.limit) throw oversized(this.limit, end - at);
      if (end > at) give(bytes.toString('utf8', at, end));
      at = to + 1;
    }
  }

  /** Gives the frames of a text that ends where one of them ends, without its delimiter. */
  private split(text: string, give: (frame: Frame) => void): void {
    const crlf = this.delimiter === '\n';
    let from = 0;
    for (let next = text.indexOf(this.delimiter); ; next = text.indexOf(this.delimiter, from)) {
      const to = next < 0 ? text.length : next;
      const end = crlf && text.charCodeAt(to - 1) === CR ? to - 1 : to;
      if (end > from) give(from === 0 && end === text.length ? text : text.slice(from, end));
      if (next < 0) return;
      from = next + 1;
    }
  }
}

const delimited =
  (name: string, end: '\n' | '\0'): FramingFactory =>
  (form, limit) => {
    if (form !== 'text') {
      throw new UsageError(`the framing "${name}" carries text, and this codec makes bytes; "length" carries both`);
    }
    return new Delimited(end, limit);
  };

/** After each frame a line feed. A CR before it is tolerated, empty lines are skipped. Text only. */
export const lines: FramingFactory = delimited('lines', '\n');

/** After each frame a NUL. Empty frames are skipped. Text only. */
export const nul: FramingFactory = delimited('nul', '\0');
