import { mustShow } from '../../src/base/hidden.js';
import { isBytes } from '../../src/base/kinds.js';
import type { Id } from '../../src/contract/contract.js';
import { toBase64 } from './base64.js';
import { DEPTH, SLASHED } from './terse-words.js';

/** A name that needs no quotes. */
const PLAIN_NAME = /^[\p{L}_$][\p{L}\p{N}_$.-]*$/u;
const PLAIN_METHOD = /^[\p{L}_$][\p{L}\p{N}_$.\-/]*$/u;
/**
 * Characters that JSON leaves unescaped and that a terminal may act on: a control sequence, a line break, another text
 * direction.
 */
const UNSAFE = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** A value as written in a line. Throws for a value that has no form there. */
export function write(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'boolean':
      return String(value);
    case 'undefined':
      return 'null';
    case 'object':
      return value === null ? 'null' : writeObject(value, depth);
    default:
      throw new TypeError(`a ${typeof value} cannot be written as terse`);
  }
}

/** `name:value` for each field; undefined fields are omitted. */
export function writeFields(fields: object, depth: number): string {
  let text = '';
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) text += `${text === '' ? '' : ' '}${name(key, PLAIN_NAME)}:${write(value, depth)}`;
  }
  return text;
}

/** The values, separated by spaces. */
export function writeValues(values: readonly unknown[], depth: number): string {
  let text = '';
  for (let at = 0; at < values.length; at++) text += `${at === 0 ? '' : ' '}${write(values[at], depth)}`;
  return text;
}

/** The name of a method, in quotes if it could be read as something else. */
export function writeMethod(method: string): string {
  return SLASHED.test(method) ? quote(method) : name(method, PLAIN_METHOD);
}

/** The id of a call in brackets. An id of null is empty. */
export function writeId(id: Id): string {
  return id === null ? '[]' : typeof id === 'string' ? `[${quote(id)}]` : `[${id}]`;
}

function writeObject(value: object, depth: number): string {
  if (depth >= DEPTH)
    throw new RangeError(`values can be nested at most ${DEPTH} levels deep and cannot contain themselves`);
  if (isBytes(value)) return `'${toBase64(value)}'`;
  if (Array.isArray(value)) return `[${writeValues(value, depth + 1)}]`;
  const { toJSON } = value as { readonly toJSON?: unknown };
  if (typeof toJSON === 'function') return write(toJSON.call(value), depth + 1);
  mustShow(value);
  return `{${writeFields(value, depth + 1)}}`;
}

function name(text: string, plain: RegExp): string {
  return plain.test(text) ? text : quote(text);
}

/** As in JSON, but also with escapes for characters that a terminal may act on. */
function quote(text: string): string {
  return JSON.stringify(text).replace(UNSAFE, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
