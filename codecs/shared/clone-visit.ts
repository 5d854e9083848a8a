import { isError, isMap, isSet } from '../../src/base/kinds.js';

/**
 * Up to this number of objects, visits are not recorded: a smaller value costs no Set, and a cycle in it only a few
 * rounds.
 */
const UNNOTED = 64;

/**
 * Calls back for every object that structured clone reaches in a value: at least once for each or, with a set to record
 * them, exactly once. It does not recurse: a value may be nested deeper than the stack.
 */
export function visit(root: unknown, each: (holder: object) => void, exactly?: Set<object>): void {
  if (typeof root !== 'object' || root === null) return;
  const open: object[] = [root];
  let noted = exactly;
  for (let visited = 0; open.length > 0; visited++) {
    const holder = open.pop()!;
    if (noted !== undefined || visited >= UNNOTED) {
      noted ??= new Set();
      if (noted.has(holder)) continue;
      noted.add(holder);
    }
    each(holder);
    if (ArrayBuffer.isView(holder)) continue;
    if (Object.getPrototypeOf(holder) === Object.prototype) {
      for (const key in holder) push(open, (holder as { readonly [key: string]: unknown })[key]);
    } else pushAll(open, holder);
  }
}

function pushAll(open: object[], holder: object): void {
  if (isMap(holder)) {
    for (const [key, value] of holder) {
      push(open, key);
      push(open, value);
    }
  } else if (isSet(holder)) for (const item of holder) push(open, item);
  else if (isError(holder)) push(open, holder.cause);
  for (const value of Object.values(holder)) push(open, value);
}

function push(open: object[], value: unknown): void {
  if (typeof value === 'object' && value !== null) open.push(value);
}

/** An array may have this number of holes, whatever its length. */
const HOLES = 1_000;

/**
 * Whether an array has more than 1,000 holes, and more holes than items. Structured clone carries an array of four
 * billion holes in a few bytes, and a loop over its indexes would practically never end.
 */
export function isHollow(list: readonly unknown[]): boolean {
  if (list.length <= HOLES) return false;
  for (let at = 0, holes = 0; at < list.length; at++) {
    if (!(at in list) && ++holes > HOLES && holes * 2 > at) return true;
  }
  return false;
}

/** The error for such an array. */
export function hollow(list: readonly unknown[]): string {
  return `a list of ${list.length} places has more empty ones than items; fill it or use a Map`;
}
