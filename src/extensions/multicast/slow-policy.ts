import { UsageError } from '../../contract/errors.js';
import { mustBeOptions } from '../../contract/options-object.js';
import { unknownOption } from '../../contract/unknown-option.js';
import type { GroupOptions, SlowOptions, SlowPolicy } from '../../types/peers.js';

const KEEP = 100;
const SLOW_BYTES = 64 * 1024;
const policies: readonly SlowPolicy[] = ['wait', 'drop-oldest', 'drop-newest', 'close'];

/** What becomes of notifications to slow receivers, where they do not simply wait. */
export interface Policy {
  readonly slow: Exclude<SlowPolicy, 'wait'>;
  readonly keep: number;
  readonly slowBytes: number;
  /** What is sent in one lane keeps its order: the name of a group, undefined for all that is sent without one. */
  readonly lane: string | undefined;
  /** Called with the number of dropped notifications. */
  dropped(count: number): void;
}

const checks: { readonly [O in keyof Required<SlowOptions>]: (value: unknown) => string | undefined } = {
  slow: (value) =>
    policies.includes(value as SlowPolicy) ? undefined : policies.map((policy) => `"${policy}"`).join(' or '),
  keep: (value) => (Number.isInteger(value) && (value as number) >= 0 ? undefined : 'a whole number from 0'),
  slowBytes: (value) => (typeof value === 'number' && value > 0 ? undefined : 'a positive number of bytes'),
};

/** Whether this is one of the options for slow receivers. */
export function isSlowOption(name: string): name is keyof SlowOptions {
  return Object.hasOwn(checks, name);
}

/** What is wrong with the value of an option for slow receivers: what was expected; undefined if nothing is. */
export function slowOptionExpects(name: keyof SlowOptions, value: unknown): string | undefined {
  return value === undefined ? undefined : checks[name](value);
}

/** The policy that the options, which are checked, ask for; undefined where slow receivers wait. */
export function policyOf(
  options: SlowOptions,
  lane: string | undefined = undefined,
  dropped: (count: number) => void = () => {},
): Policy | undefined {
  const { slow = 'wait', keep = KEEP, slowBytes = SLOW_BYTES } = options;
  return slow === 'wait' ? undefined : { slow, keep, slowBytes, lane, dropped };
}

/** Options of a group as they were asked for. Throws a UsageError for one that is unknown or does not fit. */
export function checkGroupOptions(options: GroupOptions = {}): GroupOptions {
  mustBeOptions(options, 'the options of a group', "{ slow: 'drop-oldest' }");
  for (const [name, value] of Object.entries(options)) {
    if (!isSlowOption(name)) throw unknownOption(name, checks, ' of a group');
    const expected = slowOptionExpects(name, value);
    if (expected !== undefined) throw new UsageError(`the option "${name}" of a group must be ${expected}`);
  }
  mustBelong(options);
  return options;
}

/** Throws a UsageError where it is specified how many are kept, and not what becomes of the others. */
export function mustBelong({ slow = 'wait', keep, slowBytes }: SlowOptions): void {
  if (slow !== 'wait' || (keep === undefined && slowBytes === undefined)) return;
  throw new UsageError(
    'the options "keep" and "slowBytes" need the option "slow": "drop-oldest", "drop-newest" or "close"',
  );
}
