import { mustShow } from '../../../src/base/hidden.js';
import { isDate, isMap, isSet } from '../../../src/base/kinds.js';
import { bigIntToBytes, bytesOf, Extension, kindOf, Type, typedToBytes } from './extensions.js';

/** The deepest nesting of values: a value that contains itself ends here. */
const DEPTH = 1_000;

/** The largest 64-bit integer that msgpackr reads as a number. */
const MOST = 2n ** 53n;

/** Stands for a value that travels as an extension. */
export class Boxed {
  constructor(readonly body: Uint8Array) {}
}

/** What a peer that does not know our extensions may not know: a value that would travel as one, a date, an extension. */
export type Special = bigint | object;

/** Makes the box of an extension from its bytes or from a list of values. */
export interface Box {
  (type: number, body: Uint8Array | readonly unknown[]): Boxed;
  /** For peers that do not know our extensions: what is written instead of a value. Throws for one that cannot be sent. */
  readonly instead?: (value: Special) => unknown;
}

/**
 * The value in the form in which msgpackr must write it: values that need an extension are in a box, fields that are
 * undefined are omitted, and an object with a `toJSON` is replaced by the result of that method. Other values are not
 * copied. Throws for a value that cannot be sent.
 */
export function boxed(value: unknown, box: Box, depth = 0): unknown {
  switch (typeof value) {
    case 'object':
      return value === null ? null : boxedObject(value, box, depth);
    case 'bigint':
      if (box.instead !== undefined) return box.instead(value);
      // Beyond 53 bits it travels as an integer, which every implementation reads, and arrives as a BigInt; a smaller
      // one would arrive as a number.
      return value <= MOST && value >= -MOST ? box(Type.BigInt, bigIntToBytes(value)) : value;
    case 'function':
    case 'symbol':
      throw new TypeError(`a ${typeof value} cannot be sent`);
    default:
      return value;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function boxedObject(value: object, box: Box, depth: number): unknown {
  if (depth > DEPTH)
    throw new RangeError(`values can be nested at most ${DEPTH} levels deep and cannot contain themselves`);
  if (Array.isArray(value)) return boxedList(value, box, depth + 1);
  const hasForm = typeof (value as { toJSON?: unknown }).toJSON === 'function';
  if (!hasForm && isPlain(value)) return boxedFields(value as Fields, box, depth + 1);
  const kind = kindOf(value);
  if (kind === BYTES) return asBytes(value as Uint8Array);
  if (box.instead !== undefined && isSpecial(value, kind)) return replaced(box.instead(value), box);
  if (kind !== undefined) return box(Type.Typed, typedToBytes(value, kind));
  if (value instanceof Date) return value;
  // msgpackr does not recognize a date of another realm.
  if (isDate(value)) return new Date(value.getTime());
  if (isMap(value)) return box(Type.Map, boxedList([...value].flat(1), box, depth + 1));
  if (isSet(value)) return box(Type.Set, boxedList([...value], box, depth + 1));
  if (value instanceof Extension) return box(value.type, value.data);
  if (hasForm) return boxed((value as unknown as { toJSON(): unknown }).toJSON(), box, depth + 1);
  mustShow(value);
  return boxedFields(value as Fields, box, depth + 1);
}

const BYTES = 1;

function isSpecial(value: object, kind: number | undefined): boolean {
  return kind !== undefined || isDate(value) || isMap(value) || isSet(value) || value instanceof Extension;
}

function replaced(value: unknown, box: Box): unknown {
  return value instanceof Extension ? box(value.type, value.data) : value;
}

/** msgpackr does not recognize bytes of another realm. */
function asBytes(bytes: Uint8Array): Uint8Array {
  return bytes instanceof Uint8Array ? bytes : bytesOf(bytes);
}

function boxedList(list: readonly unknown[], box: Box, depth: number): readonly unknown[] {
  // msgpackr does not recognize an array of another realm or of a subclass.
  let copy: unknown[] | undefined = Object.getPrototypeOf(list) === Array.prototype ? undefined : Array.from(list);
  for (let at = 0; at < list.length; at++) {
    const value = list[at];
    if (typeof value === 'number' || typeof value === 'string') continue;
    const instead = boxed(value, box, depth);
    if (instead !== value) {
      copy ??= [...list];
      copy[at] = instead;
    }
  }
  return copy ?? list;
}

function boxedFields(object: Readonly<Record<string, unknown>>, box: Box, depth: number): unknown {
  let copy: Record<string, unknown> | undefined = isPlain(object) ? undefined : { ...object };
  for (const key of Object.keys(object)) {
    const value = object[key];
    if (typeof value === 'number' || typeof value === 'string') continue;
    const instead = boxed(value, box, depth);
    if (instead === value && value !== undefined) continue;
    copy ??= { ...object };
    if (value === undefined) delete copy[key];
    else copy[key] = instead;
  }
  return copy ?? object;
}

function isPlain(object: object): boolean {
  return Object.getPrototypeOf(object) === Object.prototype;
}
