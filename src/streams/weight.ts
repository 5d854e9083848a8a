/** Deeper than this nothing is counted: what is nested so deep is refused elsewhere. */
const LEVELS = 64;

/**
 * At least how many bytes a value is when it travels, in any codec: cheap, and never too much. What exceeds `limit` is not
 * counted further.
 */
export function weigh(value: unknown, limit: number): number {
  switch (typeof value) {
    case 'string':
      return value.length + 1;
    case 'object':
      return value === null ? 1 : weighObject(value, limit, LEVELS);
    default:
      return 1;
  }
}

function weighObject(value: object, limit: number, levels: number): number {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.byteLength + 1;
  let sum = 1;
  const add = (inner: unknown): boolean => {
    if (typeof inner === 'string') sum += inner.length + 1;
    else if (typeof inner !== 'object' || inner === null) sum++;
    else sum += levels > 0 ? weighObject(inner, limit - sum, levels - 1) : 1;
    return sum < limit;
  };
  if (Array.isArray(value) || value instanceof Set) {
    for (const item of value) if (!add(item)) break;
  } else if (value instanceof Map) {
    for (const [key, item] of value) if (!add(key) || !add(item)) break;
  } else {
    for (const key in value) {
      sum += key.length;
      if (!add((value as Readonly<Record<string, unknown>>)[key])) break;
    }
  }
  return sum;
}
