import { UsageError } from '../errors.js';

/*
 * Values of structured clone as JSON. What JSON has stands for itself; everything else is an object with the one key `$`:
 * `{ "$": ["Map", [[key, value]]] }`. A plain object that has the key `$` is written as `{ "$": ["Object", { … }] }`.
 */

type Views = typeof views;
const views = {
  Int8Array,
  Uint8Array,
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
} as const;

const errors = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError } as const;

/** A value as JSON can hold it. Throws a UsageError, which says where, for what cannot be written down. */
export function toJSON(value: unknown): unknown {
  return write(value, 'the value', []);
}

/** `within`: the objects that hold this one. */
function write(value: unknown, where: string, within: readonly object[]): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : tag('number', Object.is(value, -0) ? '-0' : `${value}`);
    case 'undefined':
      return tag('undefined');
    case 'bigint':
      return tag('bigint', `${value}`);
    case 'object':
      break;
    default:
      throw refused(where, `a ${typeof value}`);
  }
  if (value === null) return null;
  if (within.includes(value)) throw refused(where, 'a part of itself');
  return writeObject(value, where, [...within, value]);
}

function writeObject(value: object, where: string, within: readonly object[]): unknown {
  const inner = (one: unknown, key: string): unknown => write(one, `${where}${key}`, within);
  if (Array.isArray(value)) return Array.from(value, (one, at) => inner(one, `[${at}]`));
  if (value instanceof Date) return tag('Date', Number.isNaN(value.getTime()) ? null : value.getTime());
  if (value instanceof RegExp) return tag('RegExp', value.source, value.flags);
  if (value instanceof Map) {
    return tag(
      'Map',
      Array.from(value, ([key, one], at) => [inner(key, ` key ${at}`), inner(one, ` value ${at}`)]),
    );
  }
  if (value instanceof Set)
    return tag(
      'Set',
      Array.from(value, (one, at) => inner(one, ` item ${at}`)),
    );
  if (value instanceof ArrayBuffer) return tag('ArrayBuffer', Buffer.from(value).toString('base64'));
  if (ArrayBuffer.isView(value)) {
    const name = Object.keys(views).find((view) => value instanceof views[view as keyof Views]) as string;
    return tag(name, Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64'));
  }
  if (value instanceof Error) {
    const cause = value.cause === undefined ? [] : [inner(value.cause, '.cause')];
    // Structured clone has no other errors, and its stack is another one in each run.
    return tag('Error', Object.hasOwn(errors, value.name) ? value.name : 'Error', value.message, ...cause);
  }
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw refused(
      where,
      `of the class ${(value.constructor as { name?: string } | undefined)?.name ?? 'without a name'}`,
    );
  }
  const plain = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inner(one, `.${key}`)]));
  return Object.hasOwn(plain, '$') ? tag('Object', plain) : plain;
}

function tag(...parts: unknown[]): { readonly $: readonly unknown[] } {
  return { $: parts };
}

function refused(where: string, what: string): UsageError {
  return new UsageError(
    `${where} is ${what}, which a recording cannot write down: there are what JSON has, undefined, numbers, BigInt, Date, RegExp, Map, Set, Error and bytes`,
  );
}

/** The value again. Throws a UsageError for what {@link toJSON} does not write. */
export function fromJSON(json: unknown): unknown {
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return json.map(fromJSON);
  const { $ } = json as { readonly $?: unknown };
  return Array.isArray($) ? untag($ as [string, ...unknown[]]) : entries(json);
}

function entries(json: object): object {
  return Object.fromEntries(Object.entries(json).map(([key, one]) => [key, fromJSON(one)]));
}

function untag([name, first, second, third]: readonly unknown[]): unknown {
  switch (name) {
    case 'undefined':
      return undefined;
    case 'number':
      return Number(first);
    case 'bigint':
      return BigInt(first as string);
    case 'Date':
      return new Date((first as number | null) ?? Number.NaN);
    case 'RegExp':
      return new RegExp(first as string, second as string);
    case 'Map':
      return new Map((first as unknown[][]).map(([key, one]) => [fromJSON(key), fromJSON(one)]));
    case 'Set':
      return new Set((first as unknown[]).map(fromJSON));
    case 'Object':
      return entries(first as object);
    case 'Error': {
      const Made = Object.hasOwn(errors, first as string) ? errors[first as keyof typeof errors] : Error;
      return new Made(second as string, third === undefined ? {} : { cause: fromJSON(third) });
    }
    case 'ArrayBuffer':
      return bytesOf(first).buffer;
    default:
      return view(name as string, bytesOf(first));
  }
}

/** In a buffer of their own: what is given may be moved. */
function bytesOf(base64: unknown): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(base64 as string, 'base64'));
}

function view(name: string, { buffer }: Uint8Array<ArrayBuffer>): ArrayBufferView {
  if (!Object.hasOwn(views, name))
    throw new UsageError(`a recording has values of the kind "${name}", which is unknown`);
  const View = views[name as keyof Views] as new (buffer: ArrayBuffer) => ArrayBufferView;
  return new View(buffer);
}
