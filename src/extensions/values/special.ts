/** Beyond functions, BigInts and objects of a class: what a side has to put into the tagged form, since its codec cannot carry it. */
export interface Wants {
  /** Typed arrays, Buffers and DataViews. */
  readonly views: boolean;
  /** NaN, the infinities and -0. */
  readonly numbers: boolean;
}

/** What a side without value types wants: functions, BigInts and objects of a class alone. */
export const NOTHING_MORE: Wants = Object.freeze({ views: false, numbers: false });

/** How deep values are looked into: as deep as a message may be nested unless `limits` says otherwise. */
export const DEPTH = 1_000;

/** At how many objects values are looked without noting which: those that are looked at again and again would be endless. */
const VISITS = 2 ** 18;

/** How many of them are left. */
let left = 0;

/** Whether a number is one that JSON has no spelling for. */
export function isOdd(number: number): boolean {
  return number - number !== 0 || (number === 0 && 1 / number < 0);
}

/**
 * Whether something stands in the values that is not plain data, so that `tagged` has to look at them: a function, a BigInt,
 * a symbol, an object of a class, or what `wants` names. Also true for what is nested deeper than 1,000, or within itself, and for
 * what has more than 262,144 objects, which may be one that occurs again and again: `tagged` looks at each of them once.
 *
 * Everything that is sent goes through here: it allocates nothing for plain data, and looks at each field once.
 */
export function isSpecial(values: unknown, wants: Wants): boolean {
  left = VISITS;
  switch (typeof values) {
    case 'object':
      return values !== null && isSpecialObject(values, wants, DEPTH);
    case 'number':
      return wants.numbers && isOdd(values);
    case 'function':
    case 'bigint':
    case 'symbol':
      return true;
    default:
      return false;
  }
}

function isSpecialObject(value: object, wants: Wants, levels: number): boolean {
  if (Array.isArray(value)) return isSpecialList(value, wants, levels);
  if (Object.getPrototypeOf(value) !== Object.prototype) return isSpecialOther(value, wants, levels);
  if (levels === 0 || --left < 0) return true;
  // This loop sees plain objects alone: engines enumerate those quickly, until a loop has met others.
  for (const key in value) {
    const item = (value as Readonly<Record<string, unknown>>)[key];
    if (typeof item === 'string' || typeof item === 'boolean') continue;
    if (typeof item === 'number') {
      if (wants.numbers && isOdd(item)) return true;
    } else if (typeof item === 'object') {
      if (item !== null && isSpecialObject(item, wants, levels - 1)) return true;
    } else if (item !== undefined) return true;
  }
  return false;
}

function isSpecialList(list: readonly unknown[], wants: Wants, levels: number): boolean {
  if (levels === 0 || --left < 0) return true;
  const { numbers } = wants;
  for (let at = 0; at < list.length; at++) {
    const item = list[at];
    if (typeof item === 'string') continue;
    if (typeof item === 'number') {
      if (numbers && isOdd(item)) return true;
    } else if (typeof item === 'object') {
      if (item !== null && isSpecialObject(item, wants, levels - 1)) return true;
    } else if (typeof item !== 'boolean' && item !== undefined) return true;
  }
  return false;
}

function isSpecialOther(value: object, wants: Wants, levels: number): boolean {
  if (Object.getPrototypeOf(value) !== null) return wants.views || !ArrayBuffer.isView(value);
  return isSpecialList(Object.values(value), wants, levels);
}
