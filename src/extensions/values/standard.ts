import { ProtocolError, UsageError } from '../../contract/errors.js';
import { byteTypes } from './bytes.js';
import { temporalOfRuntime } from './temporal.js';
import { byName, listOf, TypeForm, textOf } from './type-form.js';

/*
 * Nothing here has side effects when it is loaded, and bundlers can see that, so that pages contain only what they import. Hence the PURE
 * comments, and functions around what is more than a call.
 */

/** The time to parse a BigInt grows with the square of its digits. */
const MOST_DIGITS = 10_000;
const LONGEST_PATTERN = 1_000;

const DATE = /^(?:\d{4}|[+-]\d{6})-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const DIGITS = /^-?\d+$/;

const date = /* @__PURE__ */ new TypeForm(
  'date',
  Date,
  (value: Date) => [Number.isNaN(value.getTime()) ? null : value.toISOString()],
  (payload) => {
    if (payload.length === 1 && payload[0] === null) return new Date(Number.NaN);
    const text = textOf(payload, 30);
    const value = new Date(DATE.test(text) ? text : Number.NaN);
    if (Number.isNaN(value.getTime())) throw new ProtocolError('expected a date such as "2026-11-30T08:15:00.000Z"');
    return value;
  },
  true,
);

const map = /* @__PURE__ */ new TypeForm(
  'map',
  Map,
  (value: ReadonlyMap<unknown, unknown>) => [[...value]],
  (payload) => {
    const entries = listOf(payload);
    if (!entries.every(isPair)) throw new ProtocolError('expected a list of [key, value]');
    return new Map(entries as readonly (readonly [unknown, unknown])[]);
  },
  true,
);

function isPair(entry: unknown): boolean {
  return Array.isArray(entry) && entry.length === 2;
}

const set = /* @__PURE__ */ new TypeForm(
  'set',
  Set,
  (value: ReadonlySet<unknown>) => [[...value]],
  (payload) => new Set(listOf(payload)),
  true,
);

const bigint = /* @__PURE__ */ new TypeForm(
  'bigint',
  'bigint',
  (value: bigint) => {
    const digits = value.toString();
    if (digits.length > MOST_DIGITS) throw new UsageError(`a BigInt of more than ${MOST_DIGITS} digits cannot be sent`);
    return [digits];
  },
  (payload) => {
    const digits = textOf(payload, MOST_DIGITS);
    if (!DIGITS.test(digits)) throw new ProtocolError('expected decimal digits');
    return BigInt(digits);
  },
  true,
);

const numbers = /* @__PURE__ */ new Map<unknown, number>([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['-0', -0],
]);

const number = /* @__PURE__ */ new TypeForm(
  'number',
  'number',
  (value: number) => [value === 0 ? '-0' : String(value)],
  (payload) => {
    const value = numbers.get(textOf(payload));
    if (value === undefined) throw new ProtocolError(`expected one of ${[...numbers.keys()].join(', ')}`);
    return value;
  },
  true,
);

const url = /* @__PURE__ */ new TypeForm(
  'url',
  URL,
  (value: URL) => [value.href],
  (payload) => new URL(textOf(payload)),
  true,
);

const regexp = /* @__PURE__ */ new TypeForm(
  'regexp',
  RegExp,
  ({ source, flags }: RegExp) => {
    if (source.length <= LONGEST_PATTERN) return [source, flags];
    throw new UsageError(`a RegExp of more than ${LONGEST_PATTERN} characters cannot be sent`);
  },
  (payload) => {
    const [source, flags] = payload;
    if (payload.length !== 2 || typeof source !== 'string' || typeof flags !== 'string') {
      throw new ProtocolError('expected the source and the flags of a RegExp');
    }
    if (source.length > LONGEST_PATTERN) throw new ProtocolError(`expected at most ${LONGEST_PATTERN} characters`);
    return new RegExp(source, flags);
  },
  true,
);

/** Built-in errors by name; any other one arrives as an Error with its name. */
const errors = /* @__PURE__ */ byName<new (message: string) => Error>([
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
]);

/** The stack is not sent. */
const error = /* @__PURE__ */ new TypeForm(
  'error',
  Error,
  (value: Error) => {
    const { cause } = value;
    return [{ name: String(value.name), message: String(value.message), ...(cause !== undefined && { cause }) }];
  },
  (payload) => {
    const [fields] = payload;
    if (payload.length !== 1 || typeof fields !== 'object' || fields === null)
      throw new ProtocolError('expected an object');
    const { name, message, cause } = fields as { name?: unknown; message?: unknown; cause?: unknown };
    if (typeof name !== 'string' || typeof message !== 'string')
      throw new ProtocolError('expected a name and a message');
    const value = new (errors.get(name) ?? Error)(message);
    const own = {
      ...(value.name !== name && { name }),
      ...(cause !== undefined && { cause }),
      stack: `${name}: ${message}`,
    };
    for (const [key, given] of Object.entries(own)) {
      Object.defineProperty(value, key, { value: given, writable: true, configurable: true, enumerable: false });
    }
    return value;
  },
  true,
);

/**
 * The built-in types that JSON has no form for, for the option `types`: Date, Map, Set, BigInt, URL, RegExp, Error,
 * bytes (Uint8Array, ArrayBuffer, the typed arrays and DataView), NaN, the infinities and -0, and the types of Temporal where
 * the runtime has it. `docs/value-types.md` describes how each travels.
 */
export const standardTypes: readonly TypeForm[] = /* @__PURE__ */ everyType();

function everyType(): readonly TypeForm[] {
  return [date, map, set, bigint, number, url, regexp, error, ...byteTypes, ...temporalOfRuntime()];
}
