import { isMap, isOfFields, isSet } from '../../base/kinds.js';
import type { Frame } from '../../contract/contract.js';
import { Code, ProtocolError } from '../../contract/errors.js';

/** Whether a frame is larger than so many bytes. Counts the bytes of a text only if their number is in doubt. */
export function exceeds(frame: Frame, limit: number): boolean {
  if (frame.length > limit) return true;
  if (typeof frame !== 'string' || frame.length * 3 <= limit) return false;
  return bytesOf(frame) > limit;
}

/** How many bytes a frame has: of a text, as UTF-8. */
export function bytesOf(frame: Frame): number {
  let bytes = frame.length;
  if (typeof frame !== 'string') return bytes;
  for (let at = 0; at < frame.length; at++) {
    const unit = frame.charCodeAt(at);
    if (unit >= 0x800 && (unit < 0xd800 || unit > 0xdfff)) bytes += 2;
    else if (unit >= 0x80) bytes++;
  }
  return bytes;
}

/**
 * Whether a value is nested deeper than so many levels: then a recursive function could overflow the stack. `seen`: where values
 * may contain themselves, or the same object twice, as cloned values do; each is visited once.
 */
export function tooDeep(value: unknown, levels: number, seen?: Set<object>): boolean {
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return false;
  if (levels === 0) return true;
  if (seen !== undefined) {
    if (seen.has(value)) return false;
    seen.add(value);
  }
  if (Array.isArray(value)) return listTooDeep(value, levels - 1, seen);
  if (!isOfFields(value)) {
    if (isSet(value)) return listTooDeep([...value], levels - 1, seen);
    if (isMap(value)) return listTooDeep([...value], levels - 1, seen);
  }
  for (const key in value) {
    const field = (value as Record<string, unknown>)[key];
    // Most fields are no objects, and need no call.
    if (typeof field === 'object' && tooDeep(field, levels - 1, seen)) return true;
  }
  return false;
}

function listTooDeep(list: readonly unknown[], levels: number, seen: Set<object> | undefined): boolean {
  return list.some((item) => typeof item === 'object' && tooDeep(item, levels, seen));
}

/** The error for a message of which a value is nested so. */
export function nestedTooDeep(levels: number): ProtocolError {
  return new ProtocolError(`the message is nested deeper than ${levels} levels`, Code.TooLarge);
}
