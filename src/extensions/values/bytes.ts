import { fromBase64, isBase64, toBase64 } from '../../base/base64.js';
import { isBigEndian, toLittleEndian, typedArrays, type ViewClass, viewName } from '../../base/typed-arrays.js';
import { ProtocolError, UsageError } from '../../contract/errors.js';
import { byName, TypeForm, textOf } from './type-form.js';

/** By name. A Uint8Array is of the kind `bytes`. */
const views = /* @__PURE__ */ viewsByName();

function viewsByName(): ReadonlyMap<string, ViewClass> {
  return byName([...typedArrays.filter((one) => one !== Uint8Array), DataView]);
}

/** Bytes, typed arrays and buffers: base64 in the standard alphabet, padded. */
export const byteTypes: readonly TypeForm[] = [
  /* @__PURE__ */ new TypeForm(
    'bytes',
    'bytes',
    (value: Uint8Array) => [toBase64(value)],
    (payload) => bytesOf(textOf(payload)),
    true,
  ),
  /* @__PURE__ */ new TypeForm('view', 'view', packView, unpackView, true),
  /* @__PURE__ */ new TypeForm(
    'buffer',
    ArrayBuffer,
    (value: ArrayBuffer) => [toBase64(new Uint8Array(value))],
    (payload) => bytesOf(textOf(payload)).buffer,
    true,
  ),
];

function packView(value: ArrayBufferView): readonly unknown[] {
  const name = viewName(value);
  const maker = views.get(name);
  if (maker === undefined) throw new UsageError(`a ${name} cannot be sent`);
  const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return [name, toBase64(isBigEndian ? toLittleEndian(bytes.slice(), maker.BYTES_PER_ELEMENT ?? 1) : bytes)];
}

function unpackView(payload: readonly unknown[]): unknown {
  const [name, text] = payload;
  const maker = typeof name === 'string' ? views.get(name) : undefined;
  if (payload.length !== 2 || maker === undefined || typeof text !== 'string') {
    throw new ProtocolError('expected the name of a typed array, and base64');
  }
  const size = maker.BYTES_PER_ELEMENT ?? 1;
  const bytes = bytesOf(text);
  if (bytes.length % size !== 0) throw new ProtocolError(`${bytes.length} bytes are not a whole number of elements`);
  return new maker(toLittleEndian(bytes, size).buffer);
}

/** Throws a ProtocolError for what is not base64. */
function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  if (!isBase64(text)) throw new ProtocolError('expected base64, padded');
  return fromBase64(text);
}
