import { isOfKind, mustBeOfThisCopy } from '../contract/copies.js';
import { UsageError } from '../contract/errors.js';
import { mustBeOptions } from '../contract/options-object.js';
import { unknownOption } from '../contract/unknown-option.js';
import type { CallOptions } from '../types/call-options.js';

const time = (value: unknown): string | undefined =>
  typeof value === 'number' && value > 0 ? undefined : 'a positive number of milliseconds, or Infinity';
const flag = (value: unknown): string | undefined => (typeof value === 'boolean' ? undefined : 'true or false');

/** The checks of options by their names: each says what was expected where the value does not fit. */
export interface CallOptionChecks {
  readonly [option: string]: (value: unknown) => string | undefined;
}

/** Checks what options mean together. Throws a UsageError. */
type CheckTogether = (options: CallOptions) => void;

const checks: { [option: string]: CallOptionChecks[string] } = {
  timeout: time,
  maxTimeout: time,
  signal: (value) =>
    typeof (value as AbortSignal | null)?.addEventListener === 'function' ? undefined : 'an AbortSignal',
  metadata: (value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined : 'an object of data',
  onProgress: (value) => (typeof value === 'function' ? undefined : 'a function'),
  noReply: flag,
  ignoreErrors: flag,
  within: (value) => {
    if (isOfKind(value, 'sender')) return undefined;
    mustBeOfThisCopy('within: the sender', value);
    return 'the sender of the call within which this one is made';
  },
};

const together: CheckTogether[] = [];

/** Adds options of calls that an extension understands; `check` looks at those of one call together. */
export function addCallOptions(added: CallOptionChecks, check?: CheckTogether): void {
  Object.assign(checks, added);
  if (check !== undefined) together.push(check);
}

/** Options of calls as they were asked for. Throws a UsageError for one that is not known or does not fit. */
export function checkCallOptions<O extends CallOptions>(options: O | undefined): O | undefined {
  if (options === undefined) return undefined;
  mustBeOptions(options, 'the options of a call', '{ timeout: 1_000 }');
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(checks, name)) throw unknownOption(name, checks, ' of a call');
    const expected = value === undefined ? undefined : checks[name]?.(value);
    if (expected !== undefined) throw new UsageError(`the option "${name}" of a call must be ${expected}`);
  }
  for (const check of together) check(options);
  return options;
}

/** Options over others, which hold where these say nothing. Metadata adds up. */
export function mergeCallOptions(
  first: CallOptions | undefined,
  below: CallOptions | undefined,
): CallOptions | undefined {
  if (first === undefined || below === undefined) return first ?? below;
  const stated = Object.fromEntries(Object.entries(first).filter(([, value]) => value !== undefined));
  const metadata = first.metadata && below.metadata && { ...below.metadata, ...first.metadata };
  return { ...below, ...stated, ...(metadata !== undefined && { metadata }) };
}

/** The options that a side, or a method with its namespaces, has for its calls. */
interface Defaults {
  readonly defaults: CallOptions | undefined;
}
/** A method, as far as it matters here. */
interface CalledMethod extends Defaults {
  readonly timeout: number | undefined;
}

/** What holds for one call: what it asks for itself, then its method and namespace, then its side. */
export function callOptionsOf(side: Defaults, method: CalledMethod, asked: CallOptions | undefined): CallOptions {
  const options = mergeCallOptions(asked, mergeCallOptions(method.defaults, side.defaults)) ?? {};
  // What the mark says of time counts for more than what the side says of all calls.
  const isMarked =
    method.timeout !== undefined && asked?.timeout === undefined && method.defaults?.timeout === undefined;
  return isMarked && options.timeout !== undefined ? { ...options, timeout: method.timeout } : options;
}
