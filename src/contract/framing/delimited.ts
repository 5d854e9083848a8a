import type { Frame, Framing, FramingFactory } from '../contract.js';
import { UsageError } from '../errors.js';
import { type Expected, foreignToText, look } from './beginning.js';
import { asBuffer, PartialFrame } from './partial-frame.js';
import { cutOff, oversized } from './refusals.js';
import { utf8Text } from './text.js';

const CR = 13;
const LF = 10;
const nothing = new Uint8Array(0);
/** The first and the last character of a JSON message. */
const BRACES = [0x7b, 0x5b];
const CLOSED = [0x7d, 0x5d];
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** White space, and the bytes of a byte order mark. */
const BLANKS = [9, LF, CR, 32, 0xef, 0xbb, 0xbf];

const expected: Readonly<Record<'\n' | '\0', Expected>> = {
  '\n': {
    what: 'text with a line feed after each frame (the framing "lines")',
    foreign(head, chunk) {
      const nul = chunk.indexOf(0);
      const isMessage = nul > 1 && BRACES.includes(head[0] as number) && CLOSED.includes(chunk[nul - 1] as number);
      if (isMessage && !chunk.subarray(0, nul).includes(LF))
        return 'text with a NUL after each frame (the framing "nul")';
      return foreignToText(head);
    },
  },
  '\0': {
    what: 'text with a NUL after each frame (the framing "nul")',
    foreign(head, chunk) {
      const isLine =
        !chunk.includes(0) && chunk[chunk.length - 1] === LF && isWhole(chunk.subarray(0, chunk.indexOf(LF)));
      return isLine ? 'text with a line feed after each frame (the framing "lines")' : foreignToText(head);
    },
  },
};

/** Whether a line is a complete message, neither blank nor a part of one that continues. Called once for a link. */
function isWhole(bytes: Uint8Array): boolean {
  const line = asBuffer(bytes).toString().trim();
  if (line === '') return false;
  if (!BRACES.includes(line.charCodeAt(0))) return true;
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

/** Whether bytes begin an object or a list of JSON that they do not end. Called once for a link. */
function isBegun(bytes: Uint8Array): boolean {
  let depth = 0;
  let quoted = false;
  let begun = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (quoted) {
      if (byte === BACKSLASH) at++;
      else quoted = byte !== QUOTE;
    } else if (BRACES.includes(byte)) {
      depth++;
      begun = true;
    } else if (!begun) {
      if (!BLANKS.includes(byte)) return false;
    } else if (CLOSED.includes(byte)) depth--;
    else quoted = byte === QUOTE;
  }
  return quoted || depth > 0;
}

/**
 * Frames of text that end in one byte, which never occurs inside them: in UTF-8 neither a line feed nor a NUL is ever a
 * part of another character, so a stream can be split at them before it is decoded. Empty frames are skipped.
 *
 * Invalid UTF-8 becomes U+FFFD, as everywhere in Node: in a JSON string that is a wrong character, anywhere else a
 * frame that the codec refuses, and in neither case is the stream lost.
 */
class Delimited implements Framing {
  private readonly kept = new PartialFrame();
  /** The first bytes of the stream, until there are enough of them to detect another protocol. */
  private first: Uint8Array | undefined = nothing;

  constructor(
    private readonly delimiter: '\n' | '\0',
    private readonly limit: number,
  ) {}

  get held(): number {
    return this.kept.room;
  }

  get between(): string {
    return this.delimiter;
  }

  wrap(frames: readonly Frame[]): string {
    // Always read: reading it for the first time after the code is compiled would discard the compiled code.
    const first = frames[0] as string;
    return (frames.length === 1 ? first : frames.join(this.delimiter)) + this.delimiter;
  }

  push(chunk: Uint8Array, give: (frame: Frame) => void): void {
    if (this.first !== undefined) this.first = look(this.first, chunk, expected[this.delimiter]);
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
      // If the chunk is not larger than the largest frame, so are its frames; otherwise each is checked before it is
      // decoded.
      if (last - from <= this.limit) this.split(utf8Text(bytes, from, last), give);
      else this.judgeEach(bytes, from, last, code, give);
      from = last + 1;
    }
    if (from < bytes.length) this.keep(bytes, from, bytes.length);
  }

  end(give: (frame: Frame) => void): void {
    if (this.kept.size === 0) return;
    // Without its delimiter, the last one may be whole; the beginning of a message is not.
    if (isBegun(this.kept.bytes())) throw cutOff();
    this.giveKept(give);
  }

  /** Keeps a part of a frame, checked together with what is kept; only a CR may be beyond the limit. */
  private keep(bytes: Buffer, from: number, to: number): void {
    if (to === from) return;
    const size = this.kept.size + to - from;
    const excess = size - this.limit;
    if (excess > 0 && !(excess === 1 && this.delimiter === '\n' && bytes[to - 1] === CR)) {
      const read = this.kept.size > 0 ? this.kept.take() : bytes.subarray(from, to);
      throw oversized(this.limit, undefined, read);
    }
    this.kept.add(bytes, from, to);
  }

  private giveKept(give: (frame: Frame) => void): void {
    const whole = this.kept.take();
    if (this.delimiter === '\n' && whole[whole.length - 1] === CR) {
      if (whole.length > 1) give(utf8Text(whole, 0, whole.length - 1));
    } else {
      give(utf8Text(whole));
    }
  }

  private judgeEach(bytes: Buffer, from: number, last: number, code: number, give: (frame: Frame) => void): void {
    for (let at = from; at <= last; ) {
      const to = bytes.indexOf(code, at);
      const end = this.delimiter === '\n' && to > at && bytes[to - 1] === CR ? to - 1 : to;
      if (end - at > this.limit) throw oversized(this.limit, end - at, bytes.subarray(at, end));
      if (end > at) give(utf8Text(bytes, at, end));
      at = to + 1;
    }
  }

  /** Passes on the frames of a text that ends with a frame, without its delimiter. */
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
      throw new UsageError(`the framing "${name}" carries text, but this codec makes bytes; "length" carries both`);
    }
    return new Delimited(end, limit);
  };

/** A line feed after each frame. A CR before it is accepted, empty lines are skipped. Text only. */
export const lines: FramingFactory = delimited('lines', '\n');

/** A NUL after each frame. Empty frames are skipped. Text only. */
export const nul: FramingFactory = delimited('nul', '\0');
