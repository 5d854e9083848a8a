/** Kinds of values that a side has to put into the tagged form, since its codec cannot encode them, beside functions, BigInts and objects of a class. */
export interface TaggedKinds {
  /** Typed arrays, Buffers and DataViews. */
  readonly views: boolean;
  /** NaN, the infinities and -0. */
  readonly numbers: boolean;
}

/** For a side without value types: functions, BigInts and objects of a class only. */
export const NO_TYPES: TaggedKinds = Object.freeze({ views: false, numbers: false });

/** How many levels of values are searched: as many as the default of `limits.depth`. */
export const DEPTH = 1_000;

/** How many objects are visited without remembering which: an object that occurs very often would take forever. */
const VISITS = 2 ** 18;

/** How many of these visits are left. */
let left = 0;

/** Whether JSON cannot represent a number: NaN, the infinities and -0. */
export function isOdd(number: number): boolean {
  return number - number !== 0 || (number === 0 && 1 / number < 0);
}

/**
 * Whether values contain something that is not plain data, so that `tagged` has to process them: a function, a BigInt, a symbol, an object
 * of a class, or what `kinds` names. Also true for values that are nested deeper than 1,000 or contain themselves, and for those with more
 * than 262,144 objects, which may be one object many times: `tagged` visits each object once.
 *
 * Called for everything that is sent: it allocates nothing for plain data, and reads each field once.
 */
export function isSpecial(values: unknown, kinds: TaggedKinds): boolean {
  left = VISITS;
  switch (typeof values) {
    case 'object':
      return values !== null && isSpecialObject(values, kinds, DEPTH);
    case 'number':
      return kinds.numbers && isOdd(values);
    case 'function':
    case 'bigint':
    case 'symbol':
      return true;
    default:
      return false;
  }
}

function isSpecialObject(value: object, kinds: TaggedKinds, levels: number): boolean {
  if (Array.isArray(value)) return isSpecialList(value, kinds, levels);
  if (Object.getPrototypeOf(value) !== Object.prototype) return isSpecialOther(value, kinds, levels);
  if (levels === 0 || --left < 0) return true;
  // Only plain objects reach this loop: engines enumerate them quickly unless the same loop has met other objects.
  for (const key in value) {
    const item = (value as Readonly<Record<string, unknown>>)[key];
    if (typeof item === 'string' || typeof item === 'boolean') continue;
    if (typeof item === 'number') {
      if (kinds.numbers && isOdd(item)) return true;
    } else if (typeof item === 'object') {
      if (item !== null && isSpecialObject(item, kinds, levels - 1)) return true;
    } else if (item !== undefined) return true;
  }
  return false;
}

function isSpecialList(list: readonly unknown[], kinds: TaggedKinds, levels: number): boolean {
  if (levels === 0 || --left < 0) return true;
  const { numbers } = kinds;
  for (let at = 0; at < list.length; at++) {
    const item = list[at];
    if (typeof item === 'string') continue;
    if (typeof item === 'number') {
      if (numbers && isOdd(item)) return true;
    } else if (typeof item === 'object') {
      if (item !== null && isSpecialObject(item, kinds, levels - 1)) return true;
    } else if (typeof item !== 'boolean' && item !== undefined) return true;
  }
  return false;
}

function isSpecialOther(value: object, kinds: TaggedKinds, levels: number): boolean {
  if (Object.getPrototypeOf(value) !== null) return kinds.views || !ArrayBuffer.isView(value);
  return isSpecialList(Object.values(value), kinds, levels);
}
