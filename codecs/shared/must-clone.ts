import { Hidden } from '../../src/base/hidden.js';
import { hasNoFields, isError, isMap, isOfFields, isSet } from '../../src/base/kinds.js';

/**
 * Throws for an object that structured clone turns into an empty one. Some runtimes clone their own JavaScript objects
 * so.
 */
export function mustClone(value: object): void {
  if (isOfFields(value) || ArrayBuffer.isView(value) || isMap(value) || isSet(value) || isError(value)) return;
  if (hasNoFields(value) && isLostInClone(value)) throw new Hidden(value);
}

function isLostInClone(value: object): boolean {
  let copy: unknown;
  try {
    copy = structuredClone(value);
  } catch {
    // An object that moves cannot be cloned; any other makes the clone of the whole value fail.
    return false;
  }
  return isOfFields(copy as object) && Object.keys(copy as object).length === 0;
}
