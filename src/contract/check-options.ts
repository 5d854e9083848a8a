import { UsageError } from './errors.js';
import { unknownOption } from './unknown-option.js';

/** Checks the value of an option: returns what is expected if it does not fit, otherwise undefined. */
export type Check = (value: unknown) => string | undefined;

/** The checks of options, by their names. */
export type Checks = Readonly<Record<string, Check>>;

/** The check that a value passes a test; `expected` says what is expected. */
export function must(test: (value: unknown) => boolean, expected: string): Check {
  return (value) => (test(value) ? undefined : expected);
}

/** Whether a value is an object, or a list. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Whether a value is a function. */
export function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

export const flag: Check = must((value) => typeof value === 'boolean', 'true or false');
export const aName: Check = must((value) => typeof value === 'string' && value !== '', 'a string that is not empty');
export const milliseconds: Check = must(
  (value) => typeof value === 'number' && value > 0,
  'a positive number of milliseconds, or Infinity',
);

/**
 * Throws a UsageError for an option that does not exist or does not fit. `whose` follows the name of an option in the text, as in
 * ` of a call`; `where` precedes the text.
 */
export function checkEach(options: object, checks: Checks, whose: string = '', where: string = ''): void {
  for (const [option, value] of Object.entries(options)) {
    const check = Object.hasOwn(checks, option) ? checks[option] : undefined;
    if (check === undefined) throw unknownOption(option, checks, whose, where);
    const expected = value === undefined ? undefined : check(value);
    if (expected === undefined) continue;
    throw new UsageError(`${where}the option "${option}"${whose} must be ${expected}, not ${shown(option, value)}`);
  }
}

/** A value that does not fit, for a text; not one that may be a secret. */
function shown(option: string, value: unknown): string {
  if (typeof value === 'string') {
    if (/key|pass|secret|token|cred|cert/i.test(option)) return 'a string';
    return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  }
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'function' || (typeof value === 'object' && value !== null))
    return `${typeof value === 'object' ? 'an' : 'a'} ${typeof value}`;
  return String(value);
}
