import { UsageError } from '../../../src/contract/errors.js';

/**
 * Splits a command line as a shell does, with quotes and, if `escapes`, backslashes, but without a shell: nothing is
 * expanded. Outside quotes, `%3F` is a question mark, which would otherwise begin the options of an address. Text in
 * single quotes is literal; in double quotes a backslash escapes only a double quote and itself. Throws a UsageError
 * for a quote that is not closed.
 */
export function splitCommand(line: string, escapes = process.platform !== 'win32'): string[] {
  const words: string[] = [];
  let word = '';
  let begun = false;
  let quote = '';
  for (let at = 0; at < line.length; at++) {
    const char = line[at]!;
    const next = line[at + 1];
    if (escapes && char === '\\' && next !== undefined && quote !== "'" && (quote === '' || /["\\]/.test(next))) {
      word += next;
      begun = true;
      at++;
    } else if (quote !== '') {
      if (char === quote) quote = '';
      else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      begun = true;
    } else if (/\s/.test(char)) {
      if (begun) words.push(word);
      word = '';
      begun = false;
    } else {
      const isMark = char === '%' && /^3f/i.test(line.slice(at + 1, at + 3));
      word += isMark ? '?' : char;
      if (isMark) at += 2;
      begun = true;
    }
  }
  if (quote !== '') throw new UsageError(`the command line has a ${quote} that is not closed: ${line}`);
  if (begun) words.push(word);
  return words;
}
