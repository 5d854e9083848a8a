import { beginningOf } from '../../base/quote.js';
import { Code, ProtocolError } from '../errors.js';

/** The number of bytes of a stream that are inspected. */
const LOOK = 24;

const HTTP_REQUEST = /^[A-Z]{3,7} (?:\/|\*|https?:\/\/|[\w.:[\]-]+:\d+ HTTP)/;
const HTTP_RESPONSE = /^HTTP\/\d/;
const HEADERS = /^content-(?:length|type)[ \t]*:/i;
const BOM = [0xef, 0xbb, 0xbf];

/**
 * The other side of a byte stream uses another protocol, framing or codec than this one, as its first bytes show. The
 * link ends at once.
 */
export class WrongProtocol extends ProtocolError {
  /** An answer to the other side in its own protocol, if that is text; undefined if it would not understand any. */
  readonly reply: string | undefined;

  constructor(what: string, expected: string, head: Uint8Array, reply: (text: string) => string | undefined) {
    const text = `this side expects ${expected}, but the data that arrived begins with ${beginningOf(head)}, which looks like ${what}`;
    super(`${text}; check the address, the codec and the framing of both sides`, Code.ParseError);
    this.name = 'ProtocolError';
    this.reply = reply(text);
  }
}

/** In parentheses, because a line that begins so is neither JSON nor a header: the receiver shows it in an error. */
const line = (text: string): string => `(obverse) ${text}\n`;

function httpResponse(text: string): string {
  const body = `${text}\n`;
  return `HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** What a framing reads. */
export interface Expected {
  /** For people. */
  readonly what: string;
  /**
   * What the first bytes are, if the framing cannot read them; HTTP and TLS are detected without it. `chunk` is
   * everything that has arrived, up to the inspected number of bytes.
   */
  foreign(head: Uint8Array, chunk: Uint8Array): string | undefined;
}

/**
 * Inspects the first bytes of a stream. `seen` is the result of the last call, at first empty. Returns the bytes
 * inspected so far, or undefined if they suffice. Throws a {@link WrongProtocol} if they are not what is expected.
 */
export function look(seen: Uint8Array, chunk: Uint8Array, expected: Expected): Uint8Array | undefined {
  const head = new Uint8Array(Math.min(LOOK, seen.length + chunk.length));
  head.set(seen);
  head.set(chunk.subarray(0, head.length - seen.length), seen.length);
  refuseForeign(withoutBom(head), seen.length === 0 ? withoutBom(chunk) : withoutBom(head), expected);
  return head.length < LOOK ? head : undefined;
}

/** Throws a {@link WrongProtocol} if bytes are not the beginning of what is expected. */
export function refuseForeign(head: Uint8Array, chunk: Uint8Array, expected: Expected): void {
  const text = asciiOf(head);
  const refuse = (what: string, reply: (text: string) => string | undefined): never => {
    throw new WrongProtocol(what, expected.what, chunk.length > head.length ? chunk : head, reply);
  };
  if (HTTP_REQUEST.test(text)) refuse('an HTTP request', httpResponse);
  if (HTTP_RESPONSE.test(text)) refuse('an HTTP response', () => undefined);
  if (isTls(head)) refuse('TLS (use tls: at both ends, or at neither)', () => undefined);
  const foreign = expected.foreign(head, chunk);
  if (foreign !== undefined) refuse(foreign, line);
}

function isTls([type, major, minor]: Uint8Array): boolean {
  return (type === 0x15 || type === 0x16) && major === 3 && minor !== undefined && minor <= 4;
}

function asciiOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** Whether bytes begin with `Content-Length:`, or another header of the base protocol of LSP. */
export function isHeaders(head: Uint8Array): boolean {
  return HEADERS.test(asciiOf(head));
}

/** Whether a message of MessagePack-RPC begins here: it is an array of three or four elements. */
export function isMessagePack(head: Uint8Array): boolean {
  const [first, second] = head;
  return first === 0x93 || first === 0x94 || ((first === 0xdc || first === 0xdd) && second === 0);
}

/** Whether the first four bytes, if there are as many, are printable ASCII or white space. */
export function isText(head: Uint8Array): boolean {
  if (head.length < 4) return false;
  return head.subarray(0, 4).every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 9 || byte === 10 || byte === 13);
}

/** Whether there are four bytes of size here, followed by the beginning of a message. */
export function isSized(head: Uint8Array): boolean {
  const [first, second, third, fourth, fifth] = head;
  // Four zeros announce nothing: they may be empty frames, each with a NUL after it.
  if (first !== 0 || second !== 0 || fifth === undefined || (third === 0 && fourth === 0)) return false;
  return fifth === 0x7b || fifth === 0x5b || isMessagePack(head.subarray(4));
}

/** What the first bytes are, if frames of text are expected and they are not text. */
export function foreignToText(head: Uint8Array): string | undefined {
  if (isHeaders(head)) return 'headers of the framing "headers"';
  if (isMessagePack(head)) return 'MessagePack';
  return isSized(head) ? 'the size of a frame of the framing "length"' : undefined;
}

/** The same bytes without a byte order mark, which may be incomplete. */
export function withoutBom(bytes: Uint8Array): Uint8Array {
  return BOM.every((byte, at) => at >= bytes.length || bytes[at] === byte) ? bytes.subarray(BOM.length) : bytes;
}
