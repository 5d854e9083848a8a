import { Hidden } from '../../src/base/hidden.js';
import { isHidden, tagOf } from '../../src/base/kinds.js';
import { withLongText } from './long-text.js';

/** Values without a JSON form (undefined, a function, NaN) become null. Throws for a BigInt and for a cycle. */
export function jsonOf(value: unknown, replacer?: Replacer): string {
  if (typeof value === 'number' && value - value === 0) return `${value}`;
  return stringify(value, replacer) ?? 'null';
}

/** An object without fields in the JSON may be one that JSON cannot represent; only then are the values searched. */
export function stringify(value: unknown, replacer: Replacer | undefined): string | undefined {
  const plain = replacer === undefined ? withLongText(value) : undefined;
  if (plain !== undefined) return plain;
  const json: string | undefined = JSON.stringify(value, replacer);
  if (typeof value === 'object' && json?.includes('{}')) mustShowAll(value, replacer);
  return json;
}

/** Objects that JSON replaces by the value that they hold. */
const boxes = new Set(['Number', 'String', 'Boolean']);

/** Throws if one of the values of a text that was made by JSON.stringify is an object that would arrive empty. */
function mustShowAll(values: unknown, replacer: Replacer | undefined): void {
  JSON.stringify(values, function (this: unknown, key: string, value: unknown) {
    const instead = replacer === undefined ? value : replacer.call(this, key, value);
    if (typeof instead === 'object' && instead !== null && isHidden(instead) && !boxes.has(tagOf(instead)))
      throw new Hidden(instead);
    return instead;
  });
}

/** The replacer for JSON.stringify. */
export type Replacer = (this: unknown, key: string, value: unknown) => unknown;
