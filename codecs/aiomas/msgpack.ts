import { Extension } from '../msgpack/extensions.js';
import { withoutRecords } from '../msgpack/records.js';
import { packWith, unpackAll } from '../msgpack/values.js';
import type { Values } from './values.js';

/** Values in MessagePack; valid after `usePackage` of `msgpack` has been called. */
export const msgpack: Values = {
  form: 'bytes',
  natives: ['bytes'],
  write: packWith((value) => {
    if (value instanceof Extension) return value;
    if (typeof value === 'bigint') return integer(value);
    const kind = Object.prototype.toString.call(value).slice('[object '.length, -1);
    throw new TypeError(`${/^[AEIO]/.test(kind) ? 'an' : 'a'} ${kind} cannot be sent to aiomas`);
  }),
  read(frame) {
    if (!(frame instanceof Uint8Array)) throw new TypeError('it is not bytes');
    // Not a Buffer: bytes that are read from it would be Buffers too.
    const values = valuesIn(new Uint8Array(frame.buffer, frame.byteOffset, frame.byteLength));
    if (values.length !== 1) throw new RangeError(`it has ${values.length} values`);
    return values[0];
  },
};

function integer(value: bigint): bigint {
  if (BigInt.asIntN(64, value) === value || BigInt.asUintN(64, value) === value) return value;
  throw new RangeError('a BigInt of more than 64 bits cannot be sent to aiomas');
}

const asIs = (extension: Extension): Extension => extension;

function valuesIn(bytes: Uint8Array): readonly unknown[] {
  try {
    return unpackAll(bytes, false, asIs);
  } catch (error) {
    const same = withoutRecords(bytes);
    if (same === undefined) throw error;
    return unpackAll(same, false, asIs);
  }
}
