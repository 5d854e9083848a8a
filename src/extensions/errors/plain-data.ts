import { isArrayBuffer, isDate, isMap, isPlain, isSet } from '../../base/kinds.js';

/** How deep the data of an error may be nested. */
const DEPTH = 8;

/** How much may still be added: every value counts one, strings and bytes count their length. */
export interface Allowance {
  left: number;
}

/**
 * Whether a value is plain data within the allowance: values that every codec knows, arrays and objects of them, `Map` and `Set`,
 * dates and bytes. No functions, no instances of classes, nothing that runs code when it is read: a property of an error may be a
 * socket, or half of the application. Reduces the allowance only if the value fits; never throws.
 */
export function isPlainData(value: unknown, allowance: Allowance): boolean {
  const { left } = allowance;
  try {
    if (fits(value, allowance, DEPTH)) return true;
  } catch {
    // What cannot be read, such as a revoked proxy, is not data.
  }
  allowance.left = left;
  return false;
}

function fits(value: unknown, allowance: Allowance, levels: number): boolean {
  allowance.left--;
  switch (typeof value) {
    case 'function':
    case 'symbol':
      return false;
    case 'string':
      allowance.left -= value.length;
      break;
    case 'object':
      if (value !== null && (levels === 0 || allowance.left < 0 || !objectFits(value, allowance, levels - 1)))
        return false;
  }
  return allowance.left >= 0;
}

function objectFits(value: object, allowance: Allowance, levels: number): boolean {
  const inner = (item: unknown): boolean => fits(item, allowance, levels);
  if (ArrayBuffer.isView(value) || isArrayBuffer(value)) {
    allowance.left -= value.byteLength;
    return true;
  }
  if (isDate(value)) return true;
  if (isSet(value)) return value.size <= allowance.left && [...value].every(inner);
  if (isMap(value)) return value.size <= allowance.left && [...value].every((pair) => pair.every(inner));
  if (Array.isArray(value)) {
    // Holes count as well: some codecs write them out.
    allowance.left -= value.length;
    return allowance.left >= 0 && value.every(inner);
  }
  if (!isPlain(value)) return false;
  return Object.keys(value).every((key) => {
    const descriptor = Object.getOwnPropertyDescriptor(value, key);
    allowance.left -= key.length;
    return descriptor !== undefined && 'value' in descriptor && inner(descriptor.value);
  });
}
