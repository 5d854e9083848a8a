import { isArrayBuffer } from '../../src/base/kinds.js';
import { UsageError } from '../../src/contract/errors.js';
import { visit } from './clone-visit.js';

/** What moves with a value. Most programs never call `transfer`, so they skip the search. */
const lists = new WeakMap<object, readonly object[]>();
let ever = false;

/**
 * Marks a value so that the listed objects, such as an ArrayBuffer or a MessagePort anywhere in the value, are moved
 * rather than copied when the codec `clone` sends it. Returns the value itself, to be used as an argument or a result,
 * or inside one. The objects move at the call: from then on they are detached here, even if the message never arrives.
 * Other codecs ignore the list. Throws a UsageError for a value that is not an object.
 */
export function transfer<T>(value: T, list: readonly object[]): T {
  if (typeof value !== 'object' || value === null) {
    throw new UsageError(`transfer: the value must be an object that holds what is to be moved, not ${String(value)}`);
  }
  lists.set(value, list);
  ever = true;
  return value;
}

/**
 * What moves with the value and the values in it, each once; undefined if nothing does. Throws a TypeError for memory
 * that was already moved.
 */
export function transfersOf(value: unknown): object[] | undefined {
  if (!ever) return undefined;
  const moving = new Set<object>();
  visit(value, (holder) => {
    for (const one of lists.get(holder) ?? []) moving.add(one);
  });
  for (const one of moving) if (isArrayBuffer(one)) mustBeHere(one);
  return moving.size === 0 ? undefined : [...moving];
}

/** Some runtimes accept memory that is already moved, and an empty buffer arrives. */
function mustBeHere(buffer: ArrayBuffer): void {
  try {
    new Uint8Array(buffer);
  } catch (cause) {
    throw new TypeError('an ArrayBuffer that should be moved was already moved', { cause });
  }
}

/** Whether this object is listed to be moved. */
export function isMarked(value: object): boolean {
  return ever && lists.has(value);
}
