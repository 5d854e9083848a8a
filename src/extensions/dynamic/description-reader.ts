import { isPlain } from '../../api/handlers.js';
import { UsageError } from '../../contract/errors.js';
import { checkWireName } from '../../spec/reserved-names.js';
import type { MethodDescription } from '../../types/call-options.js';
import type { MethodOptions } from '../../types/method-options.js';
import { segmentsOf } from './paths.js';

/** Limits of a spec made from data: the number of methods, the segments of a path, the characters of a name. */
const MOST_METHODS = 10_000;
const DEEPEST = 16;
const LONGEST = 1_000;

/** A method read from its description, checked. */
export interface Described {
  readonly segments: readonly string[];
  readonly path: string;
  readonly wire: string;
  readonly direction: 'incoming' | 'outgoing';
  /** The options of its decorator, without the name. */
  readonly options: MethodOptions;
}

type Check = (value: unknown) => string | undefined;
const text: Check = (value) =>
  typeof value === 'string' && value !== '' && value.length <= LONGEST
    ? undefined
    : `a non-empty string of at most ${LONGEST} characters`;
const oneOf =
  (...values: readonly string[]): Check =>
  (value) =>
    values.includes(value as string) ? undefined : values.map((each) => `"${each}"`).join(' or ');
const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'true or false');

/** The check of each field. It returns what was expected if the value does not fit. */
const checks: { readonly [F in keyof Required<MethodDescription>]: Check } = {
  path: text,
  method: text,
  direction: oneOf('incoming', 'outgoing'),
  kind: oneOf('notification', 'request', 'stream'),
  foreign: flag,
  params: (value) =>
    Array.isArray(value) && value.length <= LONGEST && value.every((name) => text(name) === undefined)
      ? undefined
      : 'an array of names',
  allowPositionalArgs: flag,
  // In JSON, Infinity is null.
  timeout: (value) =>
    value === null || (typeof value === 'number' && value > 0) ? undefined : 'a positive number of milliseconds',
  idempotent: flag,
  summary: (value) => (typeof value === 'string' ? undefined : 'a string'),
  deprecated: flag,
  meta: () => undefined,
};
const needed = ['path', 'method', 'direction', 'kind'] as const;

/**
 * Reads a description: the list that `describe()` returns, or the same as JSON. Throws a UsageError for anything else, and for
 * methods that a class could not declare.
 */
export function readDescription(description: unknown): Described[] {
  const data = typeof description === 'string' ? parsed(description) : description;
  if (!Array.isArray(data))
    throw new UsageError('expected a description: the list of methods that describe() returns, or its JSON');
  if (data.length > MOST_METHODS)
    throw new UsageError(`the description has ${data.length} methods; at most ${MOST_METHODS} are allowed`);
  const paths = new Set<string>();
  return Array.from(data as unknown[], (each, at) => {
    const method = read(each, at);
    if (paths.has(method.path)) throw new UsageError(`the description contains the path "${method.path}" twice`);
    paths.add(method.path);
    return method;
  });
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch (cause) {
    throw new UsageError(`the description is not valid JSON: ${(cause as Error).message}`, { cause });
  }
}

function read(given: unknown, at: number): Described {
  if (typeof given !== 'object' || given === null || !isPlain(given))
    throw new UsageError(`the description of method ${at} must be an object, not ${nameOf(given)}`);
  const fields = new Map(Object.entries(given));
  const name = `the description of ${text(fields.get('path')) === undefined ? `"${fields.get('path')}"` : `method ${at}`}`;
  for (const [field, value] of fields) {
    if (!Object.hasOwn(checks, field))
      throw new UsageError(`${name}: unknown field "${field}"; the fields are ${Object.keys(checks).join(', ')}`);
    const expected = value === undefined ? undefined : checks[field as keyof MethodDescription](value);
    if (expected !== undefined) throw new UsageError(`${name}: the field "${field}" must be ${expected}`);
  }
  for (const field of needed)
    if (fields.get(field) === undefined) throw new UsageError(`${name}: the field "${field}" is missing`);
  return made(name, Object.fromEntries(fields) as unknown as MethodDescription);
}

function made(name: string, description: MethodDescription): Described {
  const { path, method, direction, kind, foreign, params, allowPositionalArgs, timeout, idempotent } = description;
  const { summary, deprecated, meta } = description;
  const segments = segmentsOf(path);
  if (segments.length > DEEPEST) throw new UsageError(`${name}: a path has at most ${DEEPEST} segments`);
  const isForeign = (foreign as boolean | undefined) === true;
  checkWireName(`"${method}"`, method, isForeign);
  const options: MethodOptions = {
    ...(kind === 'request' && { hasReply: true }),
    ...(kind === 'stream' && { stream: true }),
    ...(isForeign && { foreign: true }),
    ...(params !== undefined && { params: [...params] }),
    ...((allowPositionalArgs as boolean | undefined) === true && { allowPositionalArgs }),
    ...(timeout !== undefined && { timeout: timeout ?? Number.POSITIVE_INFINITY }),
    ...((idempotent as boolean | undefined) === true && { idempotent }),
    ...(summary !== undefined && { summary }),
    ...((deprecated as boolean | undefined) === true && { deprecated }),
    ...(meta !== undefined && { meta }),
  };
  return { segments, path, wire: method, direction, options };
}

/** Names a value without converting an object to a string, which could throw. */
function nameOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return Array.isArray(value) ? 'a list' : 'an instance of a class';
}
