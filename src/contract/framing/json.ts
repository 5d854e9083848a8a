import type { Frame, Framing, FramingFactory } from '../contract.js';
import { UsageError } from '../errors.js';
import { type Expected, foreignToText, look } from './beginning.js';
import { asBuffer, PartialFrame } from './partial-frame.js';
import { cutOff, oversized } from './refusals.js';
import { utf8Text } from './text.js';

const nothing = new Uint8Array(0);
const LF = 10;
const CR = 13;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * The meaning of a byte outside strings: 1 opens an object or a list, 2 closes one, 3 opens a string, 4 may occur
 * between messages.
 */
const MEANS = new Uint8Array(256);
const OPENS = 1;
const CLOSES = 2;
const STRING = 3;
const BETWEEN = 4;
for (const sign of '{[') MEANS[sign.charCodeAt(0)] = OPENS;
for (const sign of '}]') MEANS[sign.charCodeAt(0)] = CLOSES;
MEANS[QUOTE] = STRING;
// White space; a NUL, and the record separator of RFC 7464, which some peers write around messages; the bytes of a byte
// order mark.
for (const byte of [9, LF, CR, 32, 0, 0x1e, 0xef, 0xbb, 0xbf]) MEANS[byte] = BETWEEN;

const expected: Expected = {
  what: 'objects and lists of JSON (the framing "json")',
  foreign: foreignToText,
};

/**
 * The state of the scanner: between messages, in one, in a string, after a backslash in it, or in text that is not a
 * message.
 */
type Place = 'between' | 'message' | 'string' | 'escape' | 'garbage';

/**
 * Splits a stream of JSON at the ends of objects and lists, however they are formatted. Each byte is inspected once,
 * and the only state of a message besides its bytes is its nesting depth: no stack, so nesting costs nothing here. The
 * kinds of brackets need not match, because the codec refuses invalid JSON.
 *
 * Text that is neither an object nor a list becomes one frame, up to the next line feed, which the codec refuses; so
 * does a message with a line feed in a string, which JSON does not allow: the string has no end.
 */
class Json implements Framing {
  private readonly kept = new PartialFrame();
  private place: Place = 'between';
  private depth = 0;
  /** The first bytes of the stream, until there are enough of them to detect another protocol. */
  private first: Uint8Array | undefined = nothing;

  constructor(private readonly limit: number) {}

  get held(): number {
    return this.kept.room;
  }

  wrap(frames: readonly Frame[]): string {
    // Always read: reading it for the first time after the code is compiled would discard the compiled code.
    const first = frames[0] as string;
    return `${frames.length === 1 ? first : frames.join('\n')}\n`;
  }

  push(chunk: Uint8Array, give: (frame: Frame) => void): void {
    if (this.first !== undefined) this.first = look(this.first, chunk, expected);
    const bytes = asBuffer(chunk);
    let from = 0;
    for (let at = 0; at < bytes.length; ) {
      if (this.place === 'between') {
        const means = MEANS[bytes[at] as number];
        from = at;
        if (means === BETWEEN) {
          from = ++at;
          continue;
        }
        if (means === OPENS) this.place = 'message';
        else this.place = 'garbage';
      }
      const end = this.place === 'garbage' ? bytes.indexOf(LF, at) + 1 : this.scan(bytes, at);
      if (end === 0) break;
      this.give(bytes, from, bytes[end - 1] === LF ? end - 1 : end, give);
      from = at = end;
    }
    if (from < bytes.length) this.keep(bytes, from);
  }

  end(give: (frame: Frame) => void): void {
    if (this.kept.size === 0) return;
    if (this.place !== 'garbage') throw cutOff();
    this.give(Buffer.alloc(0), 0, 0, give);
  }

  /** Continues reading a message. Returns where it ends, or 0 if the end has not arrived. */
  private scan(bytes: Buffer, from: number): number {
    let { place, depth } = this;
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if (place === 'message') {
        const means = MEANS[byte];
        if (means === OPENS) depth++;
        else if (means === STRING) place = 'string';
        else if (means === CLOSES && --depth === 0) {
          this.depth = 0;
          return at + 1;
        }
      } else if (byte === LF) {
        this.depth = 0;
        return at + 1;
      } else if (place === 'escape') place = 'string';
      else if (byte === QUOTE) place = 'message';
      else if (byte === BACKSLASH) place = 'escape';
    }
    this.place = place;
    this.depth = depth;
    return 0;
  }

  /** Passes on what is kept, together with the part of the chunk after it. */
  private give(bytes: Buffer, from: number, to: number, give: (frame: Frame) => void): void {
    const size = this.kept.size + to - from;
    this.place = 'between';
    if (size > this.limit) throw this.refused(bytes, from, size);
    if (this.kept.size === 0) {
      give(utf8Text(bytes, from, to > from && bytes[to - 1] === CR ? to - 1 : to));
      return;
    }
    this.kept.add(bytes, from, to, size);
    const whole = this.kept.take();
    give(utf8Text(whole, 0, whole[size - 1] === CR ? size - 1 : size));
  }

  private keep(bytes: Buffer, from: number): void {
    const size = this.kept.size + bytes.length - from;
    if (size > this.limit) throw this.refused(bytes, from);
    this.kept.add(bytes, from, bytes.length);
  }

  private refused(bytes: Buffer, from: number, size?: number): Error {
    const read = this.kept.size > 0 ? this.kept.take() : bytes.subarray(from);
    this.depth = 0;
    this.place = 'between';
    return oversized(this.limit, size, read);
  }
}

/**
 * Objects and lists of JSON one after the other, with white space or nothing between them, on any number of lines: for
 * peers that write no line feeds. Text that is neither becomes one unreadable frame up to its line feed. Writes a line
 * feed after each frame, as `lines`. Text only.
 */
export const json: FramingFactory = (form, limit) => {
  if (form !== 'text') {
    throw new UsageError('the framing "json" carries text, but this codec makes bytes; "length" carries both');
  }
  return new Json(limit);
};
