import type { Frame } from './contract.js';

/** Whether a frame is larger than so many bytes. Counts the bytes of a text only if their number is in doubt. */
export function exceeds(frame: Frame, limit: number): boolean {
  if (frame.length > limit) return true;
  if (typeof frame !== 'string' || frame.length * 3 <= limit) return false;
  let bytes = frame.length;
  for (let at = 0; at < frame.length; at++) {
    const unit = frame.charCodeAt(at);
    if (unit >= 0x800 && (unit < 0xd800 || unit > 0xdfff)) bytes += 2;
    else if (unit >= 0x80) bytes++;
  }
  return bytes > limit;
}

/** Whether a value is nested deeper than so many levels: then whoever walks it could run out of stack. */
export function tooDeep(value: unknown, levels: number): boolean {
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return false;
  if (levels === 0) return true;
  if (Array.isArray(value) || value instanceof Set) {
    for (const item of value) if (tooDeep(item, levels - 1)) return true;
    return false;
  }
  if (value instanceof Map) {
    for (const [key, item] of value) if (tooDeep(key, levels - 1) || tooDeep(item, levels - 1)) return true;
    return false;
  }
  for (const key in value) if (tooDeep((value as Record<string, unknown>)[key], levels - 1)) return true;
  return false;
}
