import { isArrayBuffer } from '../../src/base/kinds.js';
import { UsageError } from '../../src/contract/errors.js';
import { visit } from './clone-visit.js';

/** What moves with a value. Most programs never mark one, and are spared the looking. */
const lists = new WeakMap<object, readonly object[]>();
let ever = false;

/**
 * Marks a value, so that what is listed is moved and not copied where the codec `clone` sends it: an ArrayBuffer or a
 * MessagePort, say, anywhere in the value. Gives the value itself, to be used as an argument or a result, or within one.
 * It moves at the call: from then on the listed objects are detached here, even if the message never arrives. Other codecs
 * take no notice of the mark. Throws a UsageError for a value that cannot be marked.
 */
export function transfer<T>(value: T, list: readonly object[]): T {
  if (typeof value !== 'object' || value === null) {
    throw new UsageError(`transfer: only an object can hold what is to be moved, not ${String(value)}`);
  }
  lists.set(value, list);
  ever = true;
  return value;
}

/**
 * What moves with the value and with those within it, each once; undefined if nothing does. Throws a TypeError for memory
 * that was moved before.
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

/** Some runtimes move what has gone already, and an empty buffer arrives. */
function mustBeHere(buffer: ArrayBuffer): void {
  try {
    new Uint8Array(buffer);
  } catch (cause) {
    throw new TypeError('an ArrayBuffer that is to be moved was moved already', { cause });
  }
}

/** Whether something moves with this very object. */
export function isMarked(value: object): boolean {
  return ever && lists.has(value);
}
