import { isArrayBuffer, isDate, isMap, isPlain, isSet } from '../../base/kinds.js';

/** How deep data may be nested that travel because they hang on an error. */
const DEPTH = 8;

/** How much may still be taken: every value counts one, texts and bytes count their length. */
export interface Room {
  left: number;
}

/**
 * Whether a value is plain data, and finds room: values that every codec knows, lists and objects of them, `Map` and `Set`,
 * dates and bytes. No functions, no instances of classes, nothing that runs code when it is read. What hangs on an error may
 * be a socket, or half of the application. Takes the room only if it fits; never throws.
 */
export function isPlainData(value: unknown, room: Room): boolean {
  const { left } = room;
  try {
    if (fits(value, room, DEPTH)) return true;
  } catch {
    // What cannot be read, such as a revoked proxy, is no data.
  }
  room.left = left;
  return false;
}

function fits(value: unknown, room: Room, levels: number): boolean {
  room.left--;
  switch (typeof value) {
    case 'function':
    case 'symbol':
      return false;
    case 'string':
      room.left -= value.length;
      break;
    case 'object':
      if (value !== null && (levels === 0 || room.left < 0 || !objectFits(value, room, levels - 1))) return false;
  }
  return room.left >= 0;
}

function objectFits(value: object, room: Room, levels: number): boolean {
  const inner = (item: unknown): boolean => fits(item, room, levels);
  if (ArrayBuffer.isView(value) || isArrayBuffer(value)) {
    room.left -= value.byteLength;
    return true;
  }
  if (isDate(value)) return true;
  if (isSet(value)) return value.size <= room.left && [...value].every(inner);
  if (isMap(value)) return value.size <= room.left && [...value].every((pair) => pair.every(inner));
  if (Array.isArray(value)) {
    // Holes count as well: some codecs write them out.
    room.left -= value.length;
    return room.left >= 0 && value.every(inner);
  }
  if (!isPlain(value)) return false;
  return Object.keys(value).every((key) => {
    const descriptor = Object.getOwnPropertyDescriptor(value, key);
    room.left -= key.length;
    return descriptor !== undefined && 'value' in descriptor && inner(descriptor.value);
  });
}
