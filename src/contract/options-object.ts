import { quote } from '../base/quote.js';
import { UsageError } from './errors.js';

/**
 * Throws a UsageError if options are not an object: a string or an array would be read as options with the names 0, 1,
 * and so on. `whose` begins the text, as in `options`, and `example` shows what was expected.
 */
export function mustBeOptions(given: unknown, whose: string, example: string): void {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return;
  throw new UsageError(`${whose} must be an object, as in ${example}, not ${described(given)}`);
}

/** What was given, for the text of an error. */
export function described(given: unknown): string {
  if (typeof given === 'string') return quote(given);
  if (typeof given === 'function') return 'a function';
  if (typeof given !== 'object' || given === null) return String(given);
  return Array.isArray(given) ? 'a list' : 'an object';
}
