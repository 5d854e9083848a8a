import { isPlain } from '../../api/handlers.js';
import { UsageError } from '../../contract/errors.js';
import { checkWireName } from '../../spec/reserved-names.js';
import type { MethodDescription } from '../../types/call-options.js';
import type { MethodOptions } from '../../types/method-options.js';
import { segmentsOf } from './paths.js';

/** At most so many methods has a spec that is made from data, so many segments a path, and so many letters a name. */
const MOST_METHODS = 10_000;
const DEEPEST = 16;
const LONGEST = 1_000;

/** A method as its description says it, checked. */
export interface Described {
  readonly segments: readonly string[];
  readonly path: string;
  readonly wire: string;
  readonly direction: 'incoming' | 'outgoing';
  /** What its mark says, without the name. */
  readonly options: MethodOptions;
}

type Check = (value: unknown) => string | undefined;
const text: Check = (value) =>
  typeof value === 'string' && value !== '' && value.length <= LONGEST
    ? undefined
    : `a string that is not empty, of at most ${LONGEST} characters`;
const oneOf =
  (...values: readonly string[]): Check =>
  (value) =>
    values.includes(value as string) ? undefined : values.map((each) => `"${each}"`).join(' or ');
const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'true or false');

/** What each field may be: says what was expected where it is not. */
const checks: { readonly [F in keyof Required<MethodDescription>]: Check } = {
  path: text,
  method: text,
  direction: oneOf('incoming', 'outgoing'),
  kind: oneOf('notification', 'request', 'stream'),
  foreign: flag,
  params: (value) =>
    Array.isArray(value) && value.length <= LONGEST && value.every((name) => text(name) === undefined)
      ? undefined
      : 'a list of names',
  allowPositionalArgs: flag,
  // In JSON, Infinity is null.
  timeout: (value) =>
    value === null || (typeof value === 'number' && value > 0) ? undefined : 'a positive number of milliseconds',
  summary: (value) => (typeof value === 'string' ? undefined : 'a text'),
  deprecated: flag,
  meta: () => undefined,
};
const needed = ['path', 'method', 'direction', 'kind'] as const;

/**
 * The methods that a description names: what `describe()` gives, or the same as JSON. Throws a UsageError for anything else, and
 * for what no class could say.
 */
export function readDescription(description: unknown): Described[] {
  const data = typeof description === 'string' ? parsed(description) : description;
  if (!Array.isArray(data))
    throw new UsageError('a description is a list of methods, as describe() gives it, or its JSON');
  if (data.length > MOST_METHODS)
    throw new UsageError(`the description has ${data.length} methods, and at most ${MOST_METHODS} can be read`);
  const paths = new Set<string>();
  return Array.from(data as unknown[], (each, at) => {
    const method = read(each, at);
    if (paths.has(method.path)) throw new UsageError(`the path "${method.path}" stands twice in the description`);
    paths.add(method.path);
    return method;
  });
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch (cause) {
    throw new UsageError(`the description is no JSON: ${(cause as Error).message}`, { cause });
  }
}

function read(given: unknown, at: number): Described {
  if (typeof given !== 'object' || given === null || !isPlain(given))
    throw new UsageError(`the description of method ${at} is an object, not ${nameOf(given)}`);
  const fields = new Map(Object.entries(given));
  const name = `the description of ${text(fields.get('path')) === undefined ? `"${fields.get('path')}"` : `method ${at}`}`;
  for (const [field, value] of fields) {
    if (!Object.hasOwn(checks, field))
      throw new UsageError(`${name}: unknown field "${field}"; there are ${Object.keys(checks).join(', ')}`);
    const expected = value === undefined ? undefined : checks[field as keyof MethodDescription](value);
    if (expected !== undefined) throw new UsageError(`${name}: the field "${field}" must be ${expected}`);
  }
  for (const field of needed)
    if (fields.get(field) === undefined) throw new UsageError(`${name}: the field "${field}" is missing`);
  return made(name, Object.fromEntries(fields) as unknown as MethodDescription);
}

function made(name: string, description: MethodDescription): Described {
  const { path, method, direction, kind, foreign, params, allowPositionalArgs, timeout, summary, deprecated, meta } =
    description;
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
    ...(summary !== undefined && { summary }),
    ...((deprecated as boolean | undefined) === true && { deprecated }),
    ...(meta !== undefined && { meta }),
  };
  return { segments, path, wire: method, direction, options };
}

/** Whatever it is: what is no plain object may not even become a text. */
function nameOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return Array.isArray(value) ? 'a list' : 'one of a class';
}
