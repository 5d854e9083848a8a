import { type Check, checkEach, must } from '../../../src/contract/check-options.js';

/** When to dial again. */
export interface RedialOptions {
  /** In milliseconds: the longest wait before the first attempt, and the longest of all. */
  readonly delay: readonly [first: number, longest: number];
  /** Whether the wait is as long as that, and not a random part of it. */
  readonly exact: boolean;
  /** How many attempts in a row there are before a link has lasted. */
  readonly tries: number;
  /** Whether the first attempt is repeated, too. */
  readonly start: 'once' | 'retry';
}

/** What holds if nothing is specified. */
export const RECONNECTING: RedialOptions = {
  delay: [100, 10_000],
  exact: false,
  tries: Number.POSITIVE_INFINITY,
  start: 'once',
};

function isWait(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY;
}

function isCount(value: unknown): boolean {
  return value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && (value as number) >= 1);
}

function isRange(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [first, longest] = value as unknown[];
  return isWait(first) && isWait(longest) && first <= longest;
}

/** The check of the option `delay`. */
export const isDelay: Check = must(
  (value) => isWait(value) || isRange(value),
  'a number of milliseconds, or [first, longest], as [100, 10_000]',
);

const checks = {
  delay: isDelay,
  tries: must(isCount, 'a whole number of attempts from 1, or Infinity'),
  start: must((value) => value === 'once' || value === 'retry', '"once" or "retry"'),
  transport: () => undefined,
};

/** The options with what holds otherwise. Throws a UsageError for one that does not exist or does not fit. */
export function readRedialOptions(
  given: Readonly<Record<string, unknown>>,
  otherwise: RedialOptions,
  where: string,
): RedialOptions {
  checkEach(given, checks, '', where);
  const { delay = otherwise.delay, tries = otherwise.tries, start = otherwise.start } = given as Partial<RedialOptions>;
  // One number is always the same wait.
  if (typeof delay === 'number') return { delay: [delay, delay], exact: true, tries, start };
  return { delay, exact: otherwise.exact && given.delay === undefined, tries, start };
}
