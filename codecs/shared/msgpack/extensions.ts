import { isArrayBuffer } from '../../../src/base/kinds.js';
import { typedArrays, type ViewClass, viewName } from '../typed-arrays.js';

/** The types of extensions that this codec writes and reads; `docs/wire.md` specifies their bytes. */
export const Type = {
  /** 'B': a whole number of any size, in the format of `msgpackr`. */
  BigInt: 0x42,
  /** 'M': one array with keys and values alternating. */
  Map: 0x4d,
  /** 'S': one array with the elements. */
  Set: 0x53,
  /** 't': a byte for the kind, followed by the elements, in the format of `msgpackr`. */
  Typed: 0x74,
} as const;

/**
 * An extension of a type that this codec does not know, such as a buffer of Neovim. It can be sent back unchanged.
 * `type` is an integer from -128 to 127.
 */
export class Extension {
  constructor(
    readonly type: number,
    readonly data: Uint8Array,
  ) {}
}

/** Whether a value with this first byte is an extension. */
export function isExtension(token: number): boolean {
  return (token >= 0xc7 && token <= 0xc9) || (token >= 0xd4 && token <= 0xd8);
}

type View = { readonly buffer: ArrayBufferLike; readonly byteOffset: number; readonly byteLength: number };
type BufferClass = ViewClass | ArrayBufferConstructor;

const ARRAY_BUFFER = 16;
/** By the byte that identifies them. The gap below 16 is unused; 1 is never written, because bytes travel as `bin`. */
const kinds: readonly (BufferClass | undefined)[] = [
  ...typedArrays,
  ...Array<undefined>(ARRAY_BUFFER - typedArrays.length),
  ArrayBuffer,
  DataView,
];
/**
 * The names rather than the classes: bytes may come from another realm, as Buffers do in the sandboxes of test runners.
 */
const kindsByName = new Map(kinds.map((maker, kind) => [maker?.name, kind]));

/** Elements travel in little-endian order; they are swapped on a big-endian machine. */
const isBigEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 0;

function toLittleEndian(bytes: Uint8Array, size: number): void {
  if (isBigEndian && size > 1) for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}

/** The kind of a typed array, DataView or ArrayBuffer; undefined for any other value. Throws for one without a kind. */
export function kindOf(value: object): number | undefined {
  if (!ArrayBuffer.isView(value) && !isArrayBuffer(value)) return undefined;
  const name = viewName(value as ArrayBufferView);
  const kind = kindsByName.get(name);
  if (kind === undefined) throw new TypeError(`a ${name} cannot be sent`);
  return kind;
}

/** The body of the extension for a typed array, DataView or ArrayBuffer. */
export function typedToBytes(value: object, kind: number): Uint8Array {
  const from = kind === ARRAY_BUFFER ? new Uint8Array(value as ArrayBuffer) : bytesOf(value as View);
  const body = new Uint8Array(1 + from.length);
  body[0] = kind;
  body.set(from, 1);
  toLittleEndian(body.subarray(1), elementSize(kinds[kind]));
  return body;
}

/** The inverse of `typedToBytes`, in memory of its own; undefined if the bytes are not valid. */
export function typedFromBytes(body: Uint8Array): unknown {
  const maker = kinds[body[0] ?? -1];
  const size = elementSize(maker);
  if (maker === undefined || (body.length - 1) % size !== 0) return undefined;
  const bytes = new Uint8Array(body.subarray(1));
  toLittleEndian(bytes, size);
  return maker === ArrayBuffer ? bytes.buffer : new (maker as ViewClass)(bytes.buffer);
}

function elementSize(maker: BufferClass | undefined): number {
  return (maker as ViewClass | undefined)?.BYTES_PER_ELEMENT ?? 1;
}

/** The same memory as bytes. */
export function bytesOf(view: View): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** Two's complement in big-endian order, with as few bytes as possible but at least one. */
export function bigIntToBytes(value: bigint): Uint8Array {
  // The bits of the complement of a negative number are the same, inverted.
  const positive = value < 0n ? ~value : value;
  let digits = positive.toString(16);
  if (digits.length % 2 === 1) digits = `0${digits}`;
  else if (digits.charCodeAt(0) >= 0x38) digits = `00${digits}`;
  const bytes = new Uint8Array(digits.length / 2);
  const mask = value < 0n ? 0xff : 0;
  for (let at = 0; at < bytes.length; at++) {
    bytes[at] = Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16) ^ mask;
  }
  return bytes;
}

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** The inverse of `bigIntToBytes`. No bytes are zero. */
export function bigIntFromBytes(bytes: Uint8Array): bigint {
  const mask = (bytes[0] ?? 0) >= 0x80 ? 0xff : 0;
  let digits = '0';
  for (let at = 0; at < bytes.length; at++) digits += hex[bytes[at]! ^ mask];
  const positive = BigInt(`0x${digits}`);
  return mask === 0 ? positive : ~positive;
}
