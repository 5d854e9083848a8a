import {
  type Check,
  type Checks,
  checkEach,
  flag,
  isFunction,
  isObject,
  milliseconds,
  must,
} from '../contract/check-options.js';
import { isOfKind, mustBeOfThisCopy } from '../contract/copies.js';
import { mustBeOptions } from '../contract/options-object.js';
import type { CallOptions } from '../types/call-options.js';

/** Checks the combination of options. Throws a UsageError. */
type CheckTogether = (options: CallOptions) => void;

/** Those of the core. */
export const coreCallOptions: Checks = {
  timeout: milliseconds,
  maxTimeout: milliseconds,
  signal: must((value) => isFunction((value as AbortSignal | null)?.addEventListener), 'an AbortSignal'),
  metadata: must((value) => isObject(value) && !Array.isArray(value), 'an object of data'),
  onProgress: must(isFunction, 'a function'),
  noReply: flag,
  ignoreErrors: flag,
  idempotent: flag,
  within: (value) => {
    if (isOfKind(value, 'sender')) return undefined;
    mustBeOfThisCopy('within: the sender', value);
    return 'the sender of the call within which this one is made';
  },
};

const checks: Record<string, Check> = { ...coreCallOptions };
const together = new Set<CheckTogether>();

/** Adds call options of an extension; `check` checks the combined options of one call. */
export function addCallOptions(added: Checks, check?: CheckTogether): void {
  Object.assign(checks, added);
  if (check !== undefined) together.add(check);
}

/** Whether calls have an option of this name. */
export function isCallOption(name: string): boolean {
  return Object.hasOwn(checks, name);
}

/** Checks the options that were passed for calls. Throws a UsageError for one that is unknown or has a wrong value. */
export function checkCallOptions<O extends CallOptions>(options: O | undefined): O | undefined {
  if (options === undefined) return undefined;
  mustBeOptions(options, 'the options of a call', '{ timeout: 1_000 }');
  checkEach(options, checks, ' of a call');
  for (const check of together) check(options);
  return options;
}

/** Merges options; the first ones take precedence. The fields of `metadata` and of `delivery` are merged too. */
export function mergeCallOptions(
  first: CallOptions | undefined,
  below: CallOptions | undefined,
): CallOptions | undefined {
  if (first === undefined || below === undefined) return first ?? below;
  const stated = Object.fromEntries(Object.entries(first).filter(([, value]) => value !== undefined));
  const metadata = first.metadata && below.metadata && { ...below.metadata, ...first.metadata };
  const delivery = first.delivery && below.delivery && { ...below.delivery, ...first.delivery };
  return { ...below, ...stated, ...(metadata && { metadata }), ...(delivery && { delivery }) };
}

/** The options of a side, or of a method with its namespaces, for its calls. */
interface Defaults {
  readonly defaults: CallOptions | undefined;
}
/** The part of a method that matters here. */
interface CalledMethod extends Defaults {
  readonly timeout: number | undefined;
}

/** The options of one call: its own, then those of its method and namespace, then those of its side. */
export function callOptionsOf(side: Defaults, method: CalledMethod, asked: CallOptions | undefined): CallOptions {
  const options = mergeCallOptions(asked, mergeCallOptions(method.defaults, side.defaults)) ?? {};
  // A timeout in a decorator takes precedence over the one that the side sets for all calls.
  const isMarked =
    method.timeout !== undefined && asked?.timeout === undefined && method.defaults?.timeout === undefined;
  return isMarked && options.timeout !== undefined ? { ...options, timeout: method.timeout } : options;
}
