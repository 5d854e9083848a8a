import { isArrayBuffer, isMap, isSet } from '../../base/kinds.js';

type Fields = Readonly<Record<string, unknown>>;

/** Deeper levels are not counted: such values are refused elsewhere. */
const LEVELS = 64;
/** So many objects are weighed without remembering which: most values have fewer, and need no Set. */
const UNTRACKED = 64;

/**
 * A lower bound of the bytes of a value in any codec, cheaply found. Counting stops above `limit`. An object that occurs many times is
 * weighed only a few times, since one codec writes it once.
 */
export function weigh(value: unknown, limit: number): number {
  switch (typeof value) {
    case 'string':
      return value.length + 1;
    case 'object':
      if (value === null) return 1;
      visitedCount = 0;
      visited = undefined;
      return weighObject(value, limit, LEVELS);
    default:
      return 1;
  }
}

/** How many objects of the value in progress have been weighed, and which of those after the first few. */
let visitedCount = 0;
let visited: Set<object> | undefined;

function weighObject(value: object, limit: number, levels: number): number {
  if (++visitedCount > UNTRACKED) {
    visited ??= new Set();
    if (visited.has(value)) return 1;
    visited.add(value);
  }
  if (Object.getPrototypeOf(value) === Object.prototype) return weighPlain(value as Fields, limit, levels);
  if (ArrayBuffer.isView(value) || isArrayBuffer(value)) return value.byteLength + 1;
  let sum = 1;
  const add = (inner: unknown): boolean => {
    if (typeof inner === 'string') sum += inner.length + 1;
    else if (typeof inner !== 'object' || inner === null) sum++;
    else sum += levels > 0 ? weighObject(inner, limit - sum, levels - 1) : 1;
    return sum < limit;
  };
  if (Array.isArray(value) || isSet(value)) {
    for (const item of value) if (!add(item)) break;
  } else if (isMap(value)) {
    for (const [key, item] of value) if (!add(key) || !add(item)) break;
  } else {
    for (const key in value) {
      sum += key.length;
      if (!add((value as Fields)[key])) break;
    }
  }
  return sum;
}

/** Most items of streams are plain objects of primitive values: this allocates nothing for them. */
function weighPlain(value: Fields, limit: number, levels: number): number {
  let sum = 1;
  for (const key in value) {
    const inner = value[key];
    sum += key.length;
    if (typeof inner === 'string') sum += inner.length + 1;
    else if (typeof inner !== 'object' || inner === null) sum++;
    else sum += levels > 0 ? weighObject(inner, limit - sum, levels - 1) : 1;
    if (sum >= limit) break;
  }
  return sum;
}
