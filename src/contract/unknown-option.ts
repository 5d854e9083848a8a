import { UsageError } from './errors.js';

/** The minimum similarity for a suggestion: identical names have almost 1/2. */
const ALIKE = 0.2;

/**
 * The error for an unknown option: it suggests the most similar name, if there is one, and lists all of them in
 * alphabetical order. `whose` follows the name, as in ` of a call`; `where` precedes the text.
 */
export function unknownOption(name: string, known: object, whose: string = '', where: string = ''): UsageError {
  const names = Object.keys(known).sort();
  const meant = nearest(name, names);
  const hint = meant === undefined ? '; there' : `; did you mean ${meant}? There`;
  return new UsageError(`${where}unknown option "${name}"${whose}${hint} are ${names.join(', ')}`);
}

/** The most similar one of the names; undefined if none is similar. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  return names.filter((one) => alike(name, one) > ALIKE).sort((a, b) => alike(name, b) - alike(name, a))[0];
}

/**
 * The number of letter pairs that two names have in common, per letter. Both ends count as letters. Names of the same letters are alike:
 * short ones with two letters exchanged have hardly a pair in common.
 */
function alike(a: string, b: string): number {
  if (sorted(a) === sorted(b)) return 1 / 2;
  const [inA, inB] = [` ${a} `.toLowerCase(), ` ${b} `.toLowerCase()];
  let pairs = 0;
  for (let at = 1; at < inB.length; at++) if (inA.includes(inB.slice(at - 1, at + 1))) pairs++;
  return pairs / (inA.length + inB.length);
}

function sorted(name: string): string {
  return [...name.toLowerCase()].sort().join('');
}
