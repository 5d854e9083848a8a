import { ProtocolError, UsageError } from '../../contract/errors.js';
import { byName, TypeForm, textOf } from './type-form.js';

type View = ArrayBufferView & { readonly [Symbol.toStringTag]: string };
type ViewMaker = { readonly name: string; readonly BYTES_PER_ELEMENT?: number; new (buffer: ArrayBuffer): unknown };

const makers = /* @__PURE__ */ byName<ViewMaker>([
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
]);

/** Bytes, and what shows them in another way: base64 in the standard alphabet, padded. */
export const byteTypes: readonly TypeForm[] = [
  /* @__PURE__ */ new TypeForm(
    'bytes',
    'bytes',
    (value: Uint8Array) => [toBase64(value)],
    (payload) => fromBase64(textOf(payload)),
    true,
  ),
  /* @__PURE__ */ new TypeForm('view', 'view', packView, unpackView, true),
  /* @__PURE__ */ new TypeForm(
    'buffer',
    ArrayBuffer,
    (value: ArrayBuffer) => [toBase64(new Uint8Array(value))],
    (payload) => fromBase64(textOf(payload)).buffer,
    true,
  ),
];

/** Elements travel with their lowest byte first; where the machine has it last, they are turned round. */
const turned = /* @__PURE__ */ isTurned();

function isTurned(): boolean {
  return new Uint8Array(new Uint16Array([1]).buffer)[0] === 0;
}

function turn<B extends Uint8Array>(bytes: B, size: number): B {
  if (turned && size > 1) for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
  return bytes;
}

function packView(value: View): readonly unknown[] {
  const name = value[Symbol.toStringTag];
  const maker = makers.get(name);
  if (maker === undefined) throw new UsageError(`a ${name} cannot be sent`);
  const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return [name, toBase64(turned ? turn(bytes.slice(), maker.BYTES_PER_ELEMENT ?? 1) : bytes)];
}

function unpackView(payload: readonly unknown[]): unknown {
  const [name, text] = payload;
  const maker = typeof name === 'string' ? makers.get(name) : undefined;
  if (payload.length !== 2 || maker === undefined || typeof text !== 'string') {
    throw new ProtocolError('expected the name of a typed array, and base64');
  }
  const size = maker.BYTES_PER_ELEMENT ?? 1;
  const bytes = fromBase64(text);
  if (bytes.length % size !== 0) throw new ProtocolError(`${bytes.length} bytes are no whole number of elements`);
  return new maker(turn(bytes, size).buffer);
}

/** What Node has for base64; elsewhere it is made of what browsers have. */
const NodeBuffer = /* @__PURE__ */ ofNode();

function ofNode(): typeof Buffer | undefined {
  return (globalThis as { readonly Buffer?: typeof Buffer }).Buffer;
}

const PIECE = 0x8000;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Bytes in base64. */
export function toBase64(bytes: Uint8Array): string {
  if (NodeBuffer !== undefined) {
    return NodeBuffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  }
  let binary = '';
  for (let at = 0; at < bytes.length; at += PIECE) binary += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return btoa(binary);
}

/** The bytes of a text in base64, in memory of their own. Throws a ProtocolError for anything else. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  if (text.length % 4 !== 0 || !BASE64.test(text)) throw new ProtocolError('expected base64, padded');
  if (NodeBuffer !== undefined) {
    const buffer = NodeBuffer.from(text, 'base64');
    // A small Buffer stands in memory that it shares with others.
    return buffer.byteLength === buffer.buffer.byteLength
      ? new Uint8Array(buffer.buffer as ArrayBuffer)
      : Uint8Array.from(buffer);
  }
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
