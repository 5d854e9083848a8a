import { quote } from '../base/quote.js';
import { UsageError } from './errors.js';

/**
 * Throws a UsageError if options are not an object: a string or an array would be read as options with the names 0, 1,
 * and so on. `whose` begins the text, as in `options`, and `example` shows what was expected.
 */
export function mustBeOptions(given: unknown, whose: string, example: string): void {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return;
  const what =
    typeof given === 'string'
      ? quote(given)
      : Array.isArray(given)
        ? 'a list'
        : typeof given === 'function'
          ? 'a function'
          : String(given);
  throw new UsageError(`${whose} must be an object, as in ${example}, not ${what}`);
}
