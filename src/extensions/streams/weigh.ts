import { isArrayBuffer, isMap, isSet } from '../../base/kinds.js';

/** Deeper than this nothing is counted: what is nested so deep is refused elsewhere. */
const LEVELS = 64;
/** So many objects are weighed without noting which: most values have fewer, and cost no Set. */
const UNNOTED = 64;

/**
 * At least how many bytes a value is when it travels, in any codec: cheap, and never too much. What exceeds `limit` is not
 * counted further. An object that occurs again and again is weighed a few times, for one codec has it once.
 */
export function weigh(value: unknown, limit: number): number {
  switch (typeof value) {
    case 'string':
      return value.length + 1;
    case 'object':
      if (value === null) return 1;
      weighed = 0;
      noted = undefined;
      return weighObject(value, limit, LEVELS);
    default:
      return 1;
  }
}

/** How many objects have been weighed of the value that is being weighed, and which of those behind the first few. */
let weighed = 0;
let noted: Set<object> | undefined;

function weighObject(value: object, limit: number, levels: number): number {
  if (++weighed > UNNOTED) {
    noted ??= new Set();
    if (noted.has(value)) return 1;
    noted.add(value);
  }
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
      if (!add((value as Readonly<Record<string, unknown>>)[key])) break;
    }
  }
  return sum;
}
