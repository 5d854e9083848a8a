import type { Frame, Wire } from '../../src/contract/contract.js';
import { ProtocolError } from '../../src/contract/errors.js';

const utf8 = new TextDecoder();

/** Text in UTF-8, without a byte order mark. */
function textOf(bytes: Uint8Array): string {
  // On Node, the method of a Buffer takes less time for short texts.
  if (!(typeof Buffer === 'function' && bytes instanceof Buffer)) return utf8.decode(bytes);
  const text = bytes.toString();
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/** What is sent as a body or an event: a frame, or with a security a message with its header. */
export type Piece = string | Uint8Array;

/**
 * Makes bodies and events of frames, and the reverse. One for a transport. With a security, the header of a message and the message stay
 * together: as lines of text, or each after its length in 4 bytes.
 */
export class HttpParts {
  readonly isText: boolean;
  /** The type of the bodies that are sent. */
  readonly type: string;
  private readonly sealed: boolean;
  private readonly types: RegExp;

  constructor({ form, sealed }: Wire) {
    this.isText = form === 'text';
    this.sealed = sealed;
    const text = sealed ? 'application/x-ndjson' : 'application/json';
    this.type = this.isText ? text : 'application/octet-stream';
    // Those of JSON-RPC over HTTP, and of MessagePack.
    const json = sealed ? 'x-ndjson' : '(?:[\\w.+-]+\\+)?json(?:-rpc|request)?';
    const kind = this.isText ? json : 'octet-stream|(?:x-|vnd\\.)?msgpack';
    this.types = new RegExp(`^application/(?:${kind})\\s*(?:;\\s*charset="?utf-?8"?\\s*)?$`, 'i');
  }

  /** Whether bodies of this type can be read. */
  reads(type: string): boolean {
    return type === this.type || this.types.test(type);
  }

  /** The frames that were handed over together, as pieces that can be sent one by one. */
  pieces(frames: readonly Frame[]): readonly Piece[] {
    if (!this.sealed) return frames as readonly Piece[];
    return [this.isText ? frames.join('\n') : together((frames as Uint8Array[]).flatMap((one) => [sizeOf(one), one]))];
  }

  /** Several pieces as one body. */
  body(pieces: readonly Piece[]): Piece {
    const [first = ''] = pieces;
    if (pieces.length < 2) return first;
    if (typeof first !== 'string') return together(pieces as Uint8Array[]);
    return this.sealed ? pieces.join('\n') : oneList(pieces as string[]);
  }

  /** A piece as an event. Each of its lines is a field of the event. */
  event(piece: string): string {
    return `data: ${/[\r\n]/.test(piece) ? piece.replace(/\r\n|\r|\n/g, '\ndata: ') : piece}\n\n`;
  }

  /** The frames in a body: with a security those of a message, else one. Throws a ProtocolError if it ends within a frame. */
  frames(body: Uint8Array): readonly Frame[] {
    if (this.isText) return this.framesIn(textOf(body));
    return this.sealed ? [...apart(body)] : [body];
  }

  /** The same for text, such as the data of an event. */
  framesIn(text: string): readonly Frame[] {
    return this.sealed ? text.split('\n').filter((line) => line !== '') : [text];
  }
}

/** The answers to a batch that did not fit into one frame are several lists. */
function oneList(pieces: readonly string[]): string {
  const inner = pieces.map((piece) => (piece.startsWith('[') && piece.endsWith(']') ? piece.slice(1, -1) : piece));
  return `[${inner.join(',')}]`;
}

function sizeOf({ length }: Uint8Array): Uint8Array {
  const size = new Uint8Array(4);
  new DataView(size.buffer).setUint32(0, length);
  return size;
}

function together(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

function* apart(body: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  for (let at = 0; at < body.length; ) {
    const end = at + 4 <= body.length ? at + 4 + view.getUint32(at) : Number.POSITIVE_INFINITY;
    if (end > body.length) throw new ProtocolError('the body ends within a frame');
    yield body.subarray(at + 4, end);
    at = end;
  }
}
