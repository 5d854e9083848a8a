import { Extension } from '../shared/msgpack/extensions.js';
import { withoutRecords } from '../shared/msgpack/records.js';
import { packWith, unpackAll } from '../shared/msgpack/values.js';

/** The types of extensions in which aiozmq writes objects of Python as pickles: from tzinfo to date. */
const [FIRST_PICKLE, LAST_PICKLE] = [123, 127];
const DATETIME = 126;

/*
 * A pickle is a program for Python. This is the one that Python itself writes for a `datetime` whose time zone is `timezone.utc`, except
 * its ten bytes: u16 year, month, day, hour, minute, second, u24 microseconds; the highest byte first. What arrives is compared with it, byte
 * by byte, and never executed. The second byte is the version: 4 and 5 write the same.
 */
const BEFORE = Uint8Array.of(
  ...[0x80, 4, 0x95, 0x57, 0, 0, 0, 0, 0, 0, 0],
  ...ascii('\x8c\x08datetime\x94\x8c\x08datetime\x94\x93\x94C\x0a'),
);
const AFTER = Uint8Array.of(
  ...ascii('\x94h\0\x8c\x08timezone\x94\x93\x94h\0\x8c\x09timedelta\x94\x93\x94'),
  ...ascii('K\0K\0K\0\x87\x94R\x94\x85\x94R\x94\x86\x94R\x94.'),
);
const FIELDS = 10;

function ascii(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}

/** Writes values for Python. `sendsPickles`: an Extension that Python would execute is sent. */
export function writer(sendsPickles: boolean): (value: unknown) => Uint8Array {
  return packWith((value) => {
    if (typeof value === 'bigint') return integer(value);
    if (value instanceof Extension) {
      // One byte of it is written.
      const type = value.type & 0xff;
      if (!sendsPickles && type >= FIRST_PICKLE && type <= LAST_PICKLE)
        throw new TypeError(
          `an Extension of the type ${type} is a pickle, which the peer executes; it is sent only with the codec "aiozmq?pickles=on"`,
        );
      return value;
    }
    const kind = Object.prototype.toString.call(value).slice('[object '.length, -1);
    if (kind === 'Date') return pickled(value as Date);
    throw new TypeError(`${/^[AEIO]/.test(kind) ? 'an' : 'a'} ${kind} cannot be sent to aiozmq`);
  });
}

function integer(value: bigint): bigint {
  if (BigInt.asIntN(64, value) === value || BigInt.asUintN(64, value) === value) return value;
  throw new RangeError('a BigInt of more than 64 bits cannot be sent to aiozmq');
}

/** Throws a RangeError for a date that Python does not have. */
function pickled(date: Date): Extension {
  const year = date.getUTCFullYear();
  if (!(year >= 1 && year <= 9_999)) throw new RangeError(`Python has no such date: ${String(date)}`);
  const micros = date.getUTCMilliseconds() * 1_000;
  const fields = [
    ...[year >> 8, year & 0xff, date.getUTCMonth() + 1, date.getUTCDate()],
    ...[date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()],
    ...[micros >> 16, (micros >> 8) & 0xff, micros & 0xff],
  ];
  return new Extension(DATETIME, Uint8Array.of(...BEFORE, ...fields, ...AFTER));
}

/** Reads the value of a part. Throws if it is not exactly one. */
export function readValue(bytes: Uint8Array): unknown {
  // Not a Buffer: bytes that are read from it would be Buffers too.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = valuesIn(plain);
  if (values.length !== 1) throw new RangeError(`a part has ${values.length} values`);
  return values[0];
}

function valuesIn(bytes: Uint8Array): readonly unknown[] {
  try {
    return unpackAll(bytes, false, dateIn);
  } catch (error) {
    const same = withoutRecords(bytes);
    if (same === undefined) throw error;
    return unpackAll(same, false, dateIn);
  }
}

/** A date if the extension is one in UTC, to the millisecond; otherwise the extension. */
function dateIn(extension: Extension): Extension | Date {
  const { type, data } = extension;
  if (type !== DATETIME || data.length !== BEFORE.length + FIELDS + AFTER.length) return extension;
  const isSame = (expected: Uint8Array, from: number): boolean =>
    expected.every((byte, at) => data[from + at] === byte || (from + at === 1 && data[1] === 5));
  if (!isSame(BEFORE, 0) || !isSame(AFTER, BEFORE.length + FIELDS)) return extension;
  const [high = 0, low = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ...micros] = data.subarray(
    BEFORE.length,
    BEFORE.length + FIELDS,
  );
  const [first = 0, middle = 0, last = 0] = micros;
  const date = new Date(0);
  // Python marks the second of two equal times of a day in the highest bit of the month; there are none in UTC.
  date.setUTCFullYear(high * 256 + low, (month & 0x7f) - 1, day);
  date.setUTCHours(hour, minute, second, Math.floor((first * 65_536 + middle * 256 + last) / 1_000));
  return date;
}
