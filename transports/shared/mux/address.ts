import { withoutPassword } from '../../../src/contract/address.js';
import { UsageError } from '../../../src/contract/errors.js';

const BRACKETS = ['()', '[]', '{}', '<>'] as const;

/**
 * The parts of `(a)(b)`. A part may be enclosed in any kind of brackets; inside it, brackets of the same kind must be
 * balanced, so a mux in a mux needs no other kind. `scheme` is that of the whole, for texts. Throws a UsageError if brackets are missing or a
 * part is empty.
 */
export function splitParts(text: string, scheme: string = 'mux'): string[] {
  const parts: string[] = [];
  for (let at = 0; at < text.length; ) {
    if (/\s/.test(text[at]!)) {
      at++;
      continue;
    }
    const end = endOfPart(text, at, scheme);
    const part = text.slice(at + 1, end).trim();
    if (part === '')
      throw new UsageError(
        `"${withoutPassword(`${scheme}:${text}`)}" has an empty part; expected an address in the brackets`,
      );
    parts.push(part);
    at = end + 1;
  }
  return parts;
}

/** Joins addresses into one, in brackets that separate them. */
export function joinParts(addresses: readonly string[]): string {
  return addresses.map((address) => bracketed(address)).join('');
}

/** The position of the bracket that closes the one at `from`. */
function endOfPart(text: string, from: number, scheme: string): number {
  const [open, close] = BRACKETS.find(([bracket]) => bracket === text[from]) ?? [];
  if (open === undefined) {
    throw new UsageError(
      `"${withoutPassword(`${scheme}:${text}`)}" cannot be read at "${withoutPassword(text.slice(from))}"; expected parts, as in ${scheme}:(a)(b)`,
    );
  }
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    if (text[at] === open) depth++;
    else if (text[at] === close && --depth === 0) return at;
  }
  throw new UsageError(
    `"${withoutPassword(`${scheme}:${text}`)}" has a "${open}" that is not closed; expected as many "${close}"`,
  );
}

function bracketed(address: string): string {
  const fitting = BRACKETS.find(([open, close]) => isWhole(`${open}${address}${close}`)) ?? BRACKETS[0];
  return `${fitting[0]}${address}${fitting[1]}`;
}

function isWhole(part: string): boolean {
  try {
    return endOfPart(part, 0, '') === part.length - 1;
  } catch {
    return false;
  }
}
