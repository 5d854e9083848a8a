import {
  aName,
  type Check,
  type Checks,
  checkEach,
  flag,
  isFunction,
  isObject,
  milliseconds,
  must,
} from '../contract/check-options.js';
import { UsageError } from '../contract/errors.js';
import type { MethodOptions } from '../types/method-options.js';

const schema = must(
  (value) => (isObject(value) || isFunction(value)) && '~standard' in (value as object),
  'a Standard Schema',
);
const text = must((value) => typeof value === 'string', 'a string');
/** One that passes a test, or a list of them. */
const oneOrMore = (test: (one: unknown) => boolean, expected: string): Check =>
  must((value) => [value].flat().every(test), expected);

/** The type of each option. */
/** Those of the core. */
export const coreMethodOptions: { readonly [O in keyof Required<MethodOptions>]: Check } = {
  hasReply: flag,
  stream: flag,
  name: aName,
  foreign: flag,
  params: must(
    (value) => Array.isArray(value) && value.every(isName) && new Set(value).size === value.length,
    'a list of different names',
  ),
  allowPositionalArgs: flag,
  timeout: milliseconds,
  idempotent: flag,
  defaults: must(isObject, 'an object of call options'),
  args: oneOrMore((one) => one === undefined || schema(one) === undefined, 'a Standard Schema, or a list of them'),
  returns: schema,
  items: schema,
  progress: schema,
  errors: must((value) => Array.isArray(value) && value.every(isFunction), 'a list of classes'),
  use: oneOrMore(isFunction, 'a function, or a list of them'),
  allow: must(isFunction, 'a function'),
  logged: must(
    (value) => typeof value === 'boolean' || value === 'without arguments',
    'true, false or "without arguments"',
  ),
  meta: () => undefined,
  summary: text,
  deprecated: flag,
};

/** Those of the core, and those of the extensions. */
const checks: Record<string, Check> = { ...coreMethodOptions };

/** Adds options of an extension for the decorators of methods. */
export function addMethodOptions(added: Checks): void {
  Object.assign(checks, added);
}

/** Throws a UsageError for an option that does not exist or does not fit. `at`: the class and the method, for the text. */
export function checkMethodOptions(at: string, options: MethodOptions): void {
  checkEach(options, checks, '', `${at}: `);
  if (options.stream === true && options.hasReply === true) {
    throw new UsageError(
      `${at}: a stream has no reply besides its items; set stream: true or hasReply: true, not both`,
    );
  }
  if (options.hasReply === true) return;
  const where =
    options.idempotent === true
      ? 'idempotent: true'
      : options.defaults?.idempotent === true
        ? 'idempotent: true from its defaults'
        : undefined;
  if (where === undefined) return;
  throw new UsageError(
    options.stream === true
      ? `${at}: a stream cannot be sent again; remove ${where}`
      : `${at}: only a request can be idempotent, and this is a notification; remove ${where}, or set hasReply: true`,
  );
}

/** A field of this name must not reach a prototype. */
function isName(name: unknown): boolean {
  return typeof name === 'string' && name !== '' && name !== '__proto__';
}
