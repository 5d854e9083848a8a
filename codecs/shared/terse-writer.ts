import { isBytes } from '../../src/base/kinds.js';
import type { Id } from '../../src/contract/contract.js';
import { mustShow } from './hidden.js';
import { DEPTH, SLASHED } from './terse-words.js';

/** A name that stands for itself; others stand in quotes. */
const PLAIN_NAME = /^[\p{L}_$][\p{L}\p{N}_$.-]*$/u;
const PLAIN_METHOD = /^[\p{L}_$][\p{L}\p{N}_$.\-/]*$/u;
/** What JSON leaves as it is and a terminal may obey: a control sequence, a line of its own, another direction. */
const UNSAFE = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
const PIECE = 0x8000;

/** A value as it stands in a line. Throws for what has no form there. */
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

/** `name:value`, one behind the other; what is undefined is left out. */
export function writeFields(fields: object, depth: number): string {
  let text = '';
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) text += `${text === '' ? '' : ' '}${name(key, PLAIN_NAME)}:${write(value, depth)}`;
  }
  return text;
}

/** The values, one behind the other. */
export function writeValues(values: readonly unknown[], depth: number): string {
  let text = '';
  for (let at = 0; at < values.length; at++) text += `${at === 0 ? '' : ' '}${write(values[at], depth)}`;
  return text;
}

/** The name of a method; one that could be read otherwise stands in quotes. */
export function writeMethod(method: string): string {
  return SLASHED.test(method) ? quote(method) : name(method, PLAIN_METHOD);
}

/** What ties an answer to its call, in brackets. The id null is nothing. */
export function writeId(id: Id): string {
  return id === null ? '[]' : typeof id === 'string' ? `[${quote(id)}]` : `[${id}]`;
}

function writeObject(value: object, depth: number): string {
  if (depth >= DEPTH) throw new RangeError(`values may be nested ${DEPTH} deep, not deeper, nor within themselves`);
  if (isBytes(value)) return `'${base64(value)}'`;
  if (Array.isArray(value)) return `[${writeValues(value, depth + 1)}]`;
  const { toJSON } = value as { readonly toJSON?: unknown };
  if (typeof toJSON === 'function') return write(toJSON.call(value), depth + 1);
  mustShow(value);
  return `{${writeFields(value, depth + 1)}}`;
}

function name(text: string, plain: RegExp): string {
  return plain.test(text) ? text : quote(text);
}

/** As in JSON, but with escapes also for what could play tricks on a terminal. */
function quote(text: string): string {
  return JSON.stringify(text).replace(UNSAFE, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function base64(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += PIECE) {
    binary += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  }
  return btoa(binary);
}
