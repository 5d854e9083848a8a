import { Extension } from '../shared/msgpack/extensions.js';
import { withoutRecords } from '../shared/msgpack/records.js';
import { endOfValue } from '../shared/msgpack/tokens.js';
import { packWith, unpackAll } from '../shared/msgpack/values.js';
import { Unread, type Values } from './values.js';

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
    try {
      const same = withoutRecords(bytes);
      if (same !== undefined) return unpackAll(same, false, asIs);
    } catch {
      // Then it is not because of records.
    }
    throw unread(bytes, error as Error) ?? error;
  }
}

/** A list of three with a type and an id, whose content cannot be read. */
function unread(bytes: Uint8Array, { message }: Error): Unread | undefined {
  const type = bytes[1];
  if (bytes[0] !== 0x93 || type === undefined || type > 2) return undefined;
  try {
    const id = unpackAll(bytes.subarray(2, endOfValue(bytes, 2)), false)[0];
    return Number.isSafeInteger(id)
      ? new Unread(type, id as number, `its values cannot be decoded: ${message}`)
      : undefined;
  } catch {
    return undefined;
  }
}
