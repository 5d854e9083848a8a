import { UsageError } from './errors.js';

/** From which value on one name may be meant by the other: it is almost 1/2 where they are the same. */
const ALIKE = 0.2;

/**
 * The error for an option that does not exist: it names the option that is most like it, if one is, and all of them in alphabetical
 * order. `whose` stands behind the name, as in ` of a call`.
 */
export function unknownOption(name: string, known: object, whose: string = ''): UsageError {
  const names = Object.keys(known).sort();
  const [meant] = names.filter((one) => alike(name, one) > ALIKE).sort((a, b) => alike(name, b) - alike(name, a));
  const hint = meant === undefined ? '; there' : `; did you mean ${meant}? There`;
  return new UsageError(`unknown option "${name}"${whose}${hint} are ${names.join(', ')}`);
}

/** How many pairs of neighbouring letters two names have in common, for each letter that they have. Both ends count as letters. */
function alike(a: string, b: string): number {
  const [inA, inB] = [` ${a} `.toLowerCase(), ` ${b} `.toLowerCase()];
  let pairs = 0;
  for (let at = 1; at < inB.length; at++) if (inA.includes(inB.slice(at - 1, at + 1))) pairs++;
  return pairs / (inA.length + inB.length);
}
