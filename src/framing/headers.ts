import type { Frame, Framing, FramingFactory } from '../contract.js';
import { Code, ProtocolError } from '../errors.js';
import { quote } from '../quote.js';
import { type Expected, isMessagePack, isSized, look } from './beginning.js';
import { asBuffer, Kept } from './kept.js';
import { cutOff, lost, oversized } from './refusals.js';

const LF = 10;
/** How large a header block may be, in bytes; that of an honest peer has about a hundred. */
const BLOCK_BYTES = 8 * 1024;

const nothing = new Uint8Array(0);
const BRACES = [0x7b, 0x5b];
/** The name of a header as far as it has come, and its colon; or an empty line, which has a fault of its own. */
const BEGINS_HEADER = /^(?:[\w!#$%&'*+.^`|~-]+[ \t]*(?::|$)|[\r\n]|$)/;
/** The first byte of a byte order mark. */
const BOM = 0xef;

const expected: Expected = {
  what: 'a block of headers before each frame (the framing "headers")',
  foreign(head) {
    if (isMessagePack(head)) return 'MessagePack';
    if (isSized(head)) return 'the size of a frame of the framing "length"';
    if (BRACES.includes(head[0] as number)) return 'JSON without headers';
    return BEGINS_HEADER.test(String.fromCharCode(...head)) ? undefined : 'something without headers';
  },
};

class Headers implements Framing {
  /** The beginning of a header, or of a body. */
  private readonly kept = new Kept();
  /** How many bytes of the present header block have come. */
  private block = 0;
  /** What the block says of the size of the body, or -1 as long as it does not. */
  private size = -1;
  /** Whether the block is over and the body stands there. */
  private body = false;
  /** The first bytes of the stream, until enough of them have come to say what they are. */
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
        this.body = false;
        this.size = -1;
        at = to;
        give(this.text ? frame.toString('utf8') : frame);
      } else {
        const lf = bytes.indexOf(LF, at);
        const to = lf < 0 ? bytes.length : lf;
        this.bound(lf < 0 ? to - at : to + 1 - at);
        if (lf < 0) {
          this.kept.add(bytes, at, to);
          return;
        }
        this.header((this.kept.size > 0 ? this.completed(bytes, at, to) : bytes.subarray(at, to)).toString('latin1'));
        at = to + 1;
      }
    }
  }

  end(): void {
    if (this.body || this.block > 0) throw cutOff();
  }

  private completed(bytes: Buffer, from: number, to: number): Buffer {
    this.kept.add(bytes, from, to, this.kept.size + to - from);
    return this.kept.take();
  }

  private bound(more: number): void {
    this.block += more;
    if (this.block <= BLOCK_BYTES) return;
    this.kept.drop();
    throw new ProtocolError(`a header block has at most ${BLOCK_BYTES} bytes, but a larger one came`, Code.TooLarge);
  }

  private header(line: string): void {
    let header = line.endsWith('\r') ? line.slice(0, -1) : line;
    // Latin-1 shows a byte order mark as three characters.
    if (header.charCodeAt(0) === BOM) header = header.replace(/^\u00ef\u00bb\u00bf/, '');
    if (header === '') {
      if (this.size < 0) throw lost('a header block has no Content-Length');
      this.block = 0;
      this.body = true;
      return;
    }
    const colon = header.indexOf(':');
    if (colon < 1) throw lost(`a header is "Name: value", not ${quote(header, 40)}`);
    const name = header.slice(0, colon).trim().toLowerCase();
    if (name === 'content-length') this.length(header.slice(colon + 1).trim());
    else if (name === 'content-type') charset(header.slice(colon + 1));
  }

  private length(value: string): void {
    const size = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (Number.isNaN(size) || (this.size >= 0 && size !== this.size)) {
      throw lost(`the Content-Length is one number of bytes, not ${quote(value, 40)}`);
    }
    if (size > this.limit) throw oversized(this.limit, size);
    this.size = size;
  }
}

const headerOf = (size: number): string => `Content-Length: ${size}\r\n\r\n`;

function charset(type: string): void {
  const named = /charset\s*=\s*"?([^";\s]*)/i.exec(type)?.[1];
  if (named !== undefined && !/^utf-?8$/i.test(named)) {
    throw lost(`the charset of a frame is utf-8, not ${quote(named, 40)}`);
  }
}

/**
 * Before each frame a block of headers, as in the base protocol of the Language Server Protocol: `Content-Length: 17`, CR
 * LF, an empty line. A CR may be missing, names are read in any case, and headers that mean nothing here are skipped. A
 * frame may be empty.
 */
export const headers: FramingFactory = (form, limit) => new Headers(form === 'text', limit);
