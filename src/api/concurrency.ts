import { checkEach, isObject, must } from '../contract/check-options.js';

const aCount = must((value) => typeof value === 'number' && value >= 1, 'a number from 1');
const parts = { each: aCount, all: aCount };

/** The check of the option `concurrency`. Throws a UsageError for an object with another key, or with a wrong value. */
export function checkConcurrency(value: unknown): string | undefined {
  if (!isObject(value) || Array.isArray(value))
    return aCount(value) && 'a number from 1, or an object such as { each: 256, all: 1_000 }';
  checkEach(value, parts, ' of concurrency');
  return undefined;
}
