import { quote } from '../../base/quote.js';
import type { Frame, Framing, FramingFactory } from '../contract.js';
import { Code, ProtocolError } from '../errors.js';
import { type Expected, isMessagePack, isSized, look } from './beginning.js';
import { asBuffer, PartialFrame } from './partial-frame.js';
import { cutOff, lost, oversized } from './refusals.js';
import { utf8Text } from './text.js';

const LF = 10;
/** The maximum size of a header block in bytes; that of an honest peer has about a hundred. */
const BLOCK_BYTES = 8 * 1024;
/** How many bytes are shown of a line that is not a header. */
const SHOWN = 200;
/** How many bytes are kept of the end of a long line: it may contain a Content-Length. */
const TAIL = 64;

const nothing = new Uint8Array(0);
/** The name of a header, complete or not, and its colon. */
const BEGINS_HEADER = /^[\w!#$%&'*+.^`|~-]*[ \t]*(?::|\r?$)/;
const HEADER = /^[\w!#$%&'*+.^`|~-]+[ \t]*:/;
/**
 * A header at the end of a line that begins with something else, such as the rest of a body whose length was too small.
 */
const LENGTH_AT_END = /content-length[ \t]*:[ \t]*\d+[ \t]*$/i;
/** The beginning of a JSON-RPC message. A log line may be JSON as well. */
const MESSAGE = /^\s*(?:\[\s*)?\{\s*"(?:jsonrpc|id|method|params|result|error)"/;
/** The first byte of a byte order mark. */
const BOM = 0xef;

const expected: Expected = {
  what: 'a block of headers before each frame (the framing "headers")',
  foreign(head) {
    if (isMessagePack(head)) return 'MessagePack';
    if (isSized(head)) return 'the size of a frame of the framing "length"';
    return MESSAGE.test(String.fromCharCode(...head)) ? 'JSON without headers' : undefined;
  },
};

/**
 * Anything that is neither header nor body is skipped line by line, and reading continues at the next header block: a
 * program may print between its messages, and a length may be wrong. Each such line, and each unusable block, is passed
 * on in parentheses and with its beginning, as a frame that no codec can read: it is reported and counted like any
 * other, and it is never carried out, although it may be a message without its headers. Blank lines between frames are
 * skipped silently. If frames are bytes, the stream is lost instead.
 */
class Headers implements Framing {
  /** The beginning of a header, or of a body. */
  private readonly kept = new PartialFrame();
  /** The number of bytes of the present header block so far. */
  private block = 0;
  /** The size of the body in the block, or -1 until it is known. */
  private size = -1;
  /** Whether the block is complete and the body follows. */
  private body = false;
  /** The first header of the block, for people; empty before it. */
  private read = '';
  /** Why the body cannot be used; empty if it can. */
  private fault = '';
  /** It was already reported that this block cannot be used. */
  private refused = false;
  /** The block contained a line that is not a header: a length after it replaces one before it. */
  private broken = false;
  /**
   * The beginning of a long line that is not a header and of which only the end is kept, and the number of dropped
   * bytes.
   */
  private skipping: string | undefined = undefined;
  private skipped = 0;
  /** The first bytes of the stream, until there are enough of them to detect another protocol. */
  private first: Uint8Array | undefined = nothing;

  constructor(
    private readonly text: boolean,
    private readonly limit: number,
  ) {}

  get held(): number {
    return this.kept.room;
  }

  wrap(frames: readonly Frame[]): string | Buffer {
    if (this.text) {
      let out = '';
      for (const frame of frames as readonly string[]) out += `${headerOf(Buffer.byteLength(frame))}${frame}`;
      return out;
    }
    const pieces: Uint8Array[] = [];
    for (const frame of frames as readonly Uint8Array[]) pieces.push(Buffer.from(headerOf(frame.length)), frame);
    return Buffer.concat(pieces);
  }

  push(chunk: Uint8Array, give: (frame: Frame) => void): void {
    if (this.first !== undefined) this.first = look(this.first, chunk, expected);
    const bytes = asBuffer(chunk);
    let at = 0;
    for (;;) {
      if (this.body) {
        const to = at + this.size - this.kept.size;
        if (to > bytes.length) {
          this.kept.add(bytes, at, bytes.length, this.size);
          return;
        }
        const frame = this.kept.size > 0 ? this.completed(bytes, at, to) : bytes.subarray(at, to);
        at = to;
        this.give(frame, give);
      } else {
        const lf = bytes.indexOf(LF, at);
        const to = lf < 0 ? bytes.length : lf;
        const size = this.kept.size + to - at;
        if (this.block + size + (lf < 0 ? 0 : 1) > BLOCK_BYTES) at = this.shorten(bytes, at, to);
        if (lf < 0) {
          this.kept.add(bytes, at, to);
          return;
        }
        this.line(this.kept.size > 0 ? this.completed(bytes, at, to) : bytes.subarray(at, to), give);
        at = to + 1;
      }
    }
  }

  end(give: (frame: Frame) => void): void {
    const rest = this.kept.bytes();
    if (this.body || this.block > 0 || this.size >= 0) throw cutOff();
    if (rest.length === 0) return;
    if (this.skipping === undefined && BEGINS_HEADER.test(rest.toString('latin1'))) throw cutOff();
    this.kept.drop();
    this.line(rest, give);
  }

  private completed(bytes: Buffer, from: number, to: number): Buffer {
    this.kept.add(bytes, from, to, this.kept.size + to - from);
    return this.kept.take();
  }

  private give(body: Buffer, give: (frame: Frame) => void): void {
    const { fault, read } = this;
    this.begin();
    if (fault !== '') this.refuse(fault, shown(read), give);
    else give(this.text ? utf8Text(body) : body);
  }

  /** Another block begins. */
  private begin(): void {
    this.body = this.broken = this.refused = false;
    this.block = 0;
    this.size = -1;
    this.read = this.fault = '';
  }

  /** Something is not a frame; `read` is its beginning. */
  private refuse(fault: string, read: string, give: (frame: Frame) => void): void {
    if (!this.text) throw lost(`${fault}: ${quote(read, 80)}`);
    give(`(${fault}) ${read}`);
  }

  /**
   * A line is longer than the limit for header blocks. If it is a header, or makes the block too long, the stream is
   * lost; otherwise all but its end is dropped. Returns where the end begins in the chunk.
   */
  private shorten(bytes: Buffer, from: number, to: number): number {
    const kept = this.kept.take();
    const came = Math.min(to, from + SHOWN);
    const head = Buffer.concat([kept.subarray(0, SHOWN), bytes.subarray(from, came)]);
    if (this.skipping === undefined && BEGINS_HEADER.test(head.toString('latin1'))) {
      const begins = quote(this.read === '' ? textOf(head) : shown(this.read), 80);
      const text = `a header block has at most ${BLOCK_BYTES} bytes, but a larger one arrived, which begins with ${begins}`;
      throw new ProtocolError(text, Code.TooLarge);
    }
    this.skipping ??= textOf(head);
    const size = kept.length + to - from;
    this.mustFit(size);
    this.skipped += Math.max(0, size - TAIL);
    const missing = TAIL - (to - from);
    if (missing > 0) this.kept.add(kept, Math.max(0, kept.length - missing), kept.length);
    return Math.max(from, to - TAIL);
  }

  /** The line that is skipped has so many bytes in addition to the dropped ones. */
  private mustFit(size: number): void {
    if (this.skipping !== undefined && this.skipped + size > Math.max(this.limit, BLOCK_BYTES))
      throw oversized(this.limit, undefined, Buffer.from(this.skipping));
  }

  private line(bytes: Buffer, give: (frame: Frame) => void): void {
    const { skipping } = this;
    this.mustFit(bytes.length);
    const written = bytes.toString('latin1');
    let line = written.endsWith('\r') ? written.slice(0, -1) : written;
    // Latin-1 shows a byte order mark as three characters.
    if (line.charCodeAt(0) === BOM) line = line.replace(/^\u00ef\u00bb\u00bf/, '');
    if (skipping === undefined && HEADER.test(line)) {
      this.block += bytes.length + 1;
      this.header(line, give);
    } else if (skipping === undefined && line.trim() === '') {
      if (line === '') this.blank(give);
    } else {
      this.skipping = undefined;
      this.skipped = 0;
      const end = LENGTH_AT_END.exec(line.slice(-TAIL))?.[0] ?? '';
      this.broken = true;
      this.refuse('not a header', skipping ?? textOf(bytes.subarray(0, written.lastIndexOf(end))), give);
      if (end !== '') this.header(end, give);
    }
  }

  /** The end of a block, or an empty line between frames. */
  private blank(give: (frame: Frame) => void): void {
    if (this.size >= 0) {
      this.body = true;
      return;
    }
    const { read, fault, refused } = this;
    this.begin();
    if (read !== '' && !refused) this.refuse(fault || 'no Content-Length', shown(read), give);
  }

  private header(line: string, give: (frame: Frame) => void): void {
    if (this.read === '') this.read = line;
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trim().toLowerCase();
    if (name === 'content-length') this.length(line, line.slice(colon + 1).trim(), give);
    else if (name === 'content-type') this.fault ||= faultOf(line.slice(colon + 1));
  }

  private length(line: string, value: string, give: (frame: Frame) => void): void {
    const size = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    const isOther = this.size >= 0 && size !== this.size && !this.broken;
    if (size > this.limit) throw oversized(this.limit, size, Buffer.from(line));
    this.size = size;
    this.broken = false;
    if (!Number.isNaN(size) && !isOther) return;
    this.size = -1;
    this.refused = true;
    this.refuse(isOther ? 'another Content-Length' : 'Content-Length is not a number', shown(line), give);
  }
}

const headerOf = (size: number): string => `Content-Length: ${size}\r\n\r\n`;

/** What is wrong with a type; empty if nothing is. */
function faultOf(type: string): string {
  const named = /charset\s*=\s*"?([^";\s]*)/i.exec(type)?.[1];
  return named === undefined || /^utf-?8$/i.test(named) ? '' : 'charset is not utf-8';
}

/** A line that was read as Latin-1, in the form in which it is shown. */
function shown(line: string): string {
  return textOf(Buffer.from(line, 'latin1'));
}

function textOf(bytes: Buffer): string {
  return bytes.toString('utf8', 0, Math.min(bytes.length, SHOWN)).replace(/\r$/, '');
}

/**
 * A block of headers before each frame, as in the base protocol of the Language Server Protocol: `Content-Length: 17`,
 * CR LF, an empty line. A CR may be missing, names are case-insensitive, and headers without a meaning here are
 * skipped. A frame may be empty. After an error in the stream, reading continues at the next `Content-Length`.
 */
export const headers: FramingFactory = (form, limit) => new Headers(form === 'text', limit);
