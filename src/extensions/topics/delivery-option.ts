import { type Check, checkEach, isObject, must } from '../../contract/check-options.js';
import type { Delivery } from '../../contract/contract.js';

const KEY_LENGTH = 256;
const DELAY_MS = 366 * 86_400_000;
const MILLION = 1_000_000;

/** What not every engine can keep in a text, or keeps as the same as another one: the character 0, half of a pair. */
const UNFIT = /[\0\p{Surrogate}]/u;

const isWhole = (value: unknown, from: number): boolean =>
  Number.isInteger(value) && (value as number) >= from && (value as number) <= MILLION;

const checks: { readonly [O in keyof Required<Delivery>]: Check } = {
  key: must(
    (value) => typeof value === 'string' && value !== '' && value.length <= KEY_LENGTH && !UNFIT.test(value),
    `a string of 1 to ${KEY_LENGTH} characters, without the character 0 and halves of pairs (surrogates)`,
  ),
  delay: must(
    (value) => typeof value === 'number' && value >= 0 && value <= DELAY_MS,
    'a number of milliseconds from 0 to 366 days',
  ),
  priority: must((value) => isWhole(value, -MILLION), 'a whole number from -1,000,000 to 1,000,000'),
  attempts: must((value) => isWhole(value, 1), 'a whole number from 1 to 1,000,000'),
};

/** Whether a value is an object of no class, of any realm: a date has no options, and would be none. */
function isPlain(value: unknown): value is object {
  if (!isObject(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** The check of the option `delivery` of a call. Throws a UsageError for an option in it that does not exist or does not fit. */
export const deliveryOption: Check = (value) => {
  if (!isPlain(value)) return "an object such as { key: 'order-7', attempts: 3 }";
  checkEach(value, checks, ' of delivery');
  return undefined;
};
