import type { Hub } from '../api/endpoint.js';
import { mustBeOfThisCopy } from '../contract/copies.js';
import { UsageError } from '../contract/errors.js';
import { mustBeOptions } from '../contract/options-object.js';
import { unknownOption } from '../contract/unknown-option.js';
import { many } from '../extensions/rooms.js';
import { windowExpects } from '../extensions/streams/window-option.js';
import { CallSender } from '../session/peer.js';
import type { SlowOptions } from '../types/peers.js';
import type { CallOptions } from '../types/side.js';
import type { MethodDescriptor } from './method-table.js';

const time = (value: unknown): string | undefined =>
  typeof value === 'number' && value > 0 ? undefined : 'a positive number of milliseconds, or Infinity';
const flag = (value: unknown): string | undefined => (typeof value === 'boolean' ? undefined : 'true or false');

function slowly(name: keyof SlowOptions): (value: unknown) => string | undefined {
  return (value) => many.must(`the option "${name}"`).slowOptionExpects(name, value);
}

/** What each option of a call may be: says what was expected where it is not. */
const checks: { readonly [O in keyof Required<CallOptions>]: (value: unknown) => string | undefined } = {
  timeout: time,
  maxTimeout: time,
  signal: (value) =>
    typeof (value as AbortSignal | null)?.addEventListener === 'function' ? undefined : 'an AbortSignal',
  metadata: (value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined : 'an object of data',
  onProgress: (value) => (typeof value === 'function' ? undefined : 'a function'),
  noReply: flag,
  ignoreErrors: flag,
  slow: slowly('slow'),
  keep: slowly('keep'),
  slowBytes: slowly('slowBytes'),
  window: windowExpects,
  within: (value) => {
    if (value instanceof CallSender) return undefined;
    mustBeOfThisCopy('within: the sender', value);
    return 'the sender of the call within which this one is made';
  },
};

/** Options of calls as they were asked for. Throws a UsageError for one that is not known or does not fit. */
export function checkCallOptions<O extends CallOptions>(options: O | undefined): O | undefined {
  if (options === undefined) return undefined;
  mustBeOptions(options, 'the options of a call', '{ timeout: 1_000 }');
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(checks, name)) throw unknownOption(name, checks, ' of a call');
    const expected = value === undefined ? undefined : checks[name as keyof CallOptions](value);
    if (expected !== undefined) throw new UsageError(`the option "${name}" of a call must be ${expected}`);
  }
  const { slow, keep, slowBytes } = options;
  if (slow !== undefined || keep !== undefined || slowBytes !== undefined)
    many.must('the option "slow"').mustBelong(options);
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

/** What holds for one call: what it asks for itself, then its method and namespace, then its side. */
export function callOptionsOf(hub: Hub, method: MethodDescriptor, asked: CallOptions | undefined): CallOptions {
  const options = mergeCallOptions(asked, mergeCallOptions(method.defaults, hub.defaults)) ?? {};
  // What the mark says of time counts for more than what the side says of all calls.
  const isMarked =
    method.timeout !== undefined && asked?.timeout === undefined && method.defaults?.timeout === undefined;
  return isMarked && options.timeout !== undefined ? { ...options, timeout: method.timeout } : options;
}
