import { isPrintable, printable, quote } from './quote.js';

/**
 * The maximum number of characters and values in total that are passed to a logger unchanged, and the number shown of a
 * larger value.
 */
const ROOM = 2_000;
const DEPTH = 4;
/** The number of stack lines that are shown. */
const FRAMES = 20;
/** The lines of a stack after its first, as the runtimes write them, and as a stack of the other side is added. */
const FRAME = /^\s+at |@\S*:\d+:\d+$|^\s*on the other side:$|^\s*$/;

/** A number with more than 64 digits is not shown. */
const LARGE = 10n ** 64n;

interface Room {
  left: number;
}

/**
 * A value in a form that can be passed to a logger as a detail. A small and printable value is passed unchanged, so
 * that a logger can distinguish an error from a text; any other value becomes a text that is cut and has no control
 * characters. Never throws.
 */
export function loggable(value: unknown): unknown {
  try {
    if (isSafe(value, { left: ROOM }, DEPTH)) return value;
    return value instanceof Error ? errorText(value) : sketch(value, { left: ROOM }, DEPTH);
  } catch {
    return 'a value that cannot be shown';
  }
}

/** A value in a form similar to JSON: cut, on one line and without control characters. Never throws. */
export function sketchOf(value: unknown): string {
  try {
    return sketch(value, { left: ROOM }, DEPTH);
  } catch {
    return 'a value that cannot be shown';
  }
}

function isSafe(value: unknown, room: Room, depth: number): boolean {
  room.left--;
  if (typeof value === 'string') {
    room.left -= value.length;
    return room.left >= 0 && isPrintable(value, ROOM);
  }
  if (typeof value === 'bigint') return room.left >= 0 && !isLarge(value);
  if (typeof value === 'function') return room.left >= 0 && isPrintable(String(value.name));
  if (typeof value !== 'object' || value === null) return room.left >= 0;
  // What these objects show of themselves is not in their properties.
  if (isShownAsText(value)) return isSafe(String(value), room, depth);
  if (depth === 0 || room.left < 0) return false;
  if (ArrayBuffer.isView(value)) return true;
  if (value instanceof Error && !isSafeError(value, room, depth)) return false;
  if (value instanceof Map || value instanceof Set) {
    if (value.size > room.left) return false;
    for (const item of value) if (!isSafe(item, room, depth - 1)) return false;
  }
  // Functions of the value are not called: a getter is shown as a getter.
  for (const key in value) {
    const descriptor = Object.getOwnPropertyDescriptor(value, key);
    if (descriptor === undefined) continue;
    if (!isSafe(key, room, 0) || !isSafe(descriptor.value, room, depth - 1)) return false;
  }
  return true;
}

function isShownAsText(value: object): boolean {
  return value instanceof RegExp || value instanceof URL;
}

/** Whether a number has so many digits that even counting them takes time. */
function isLarge(value: bigint): boolean {
  return value >= LARGE || value <= -LARGE;
}

function isSafeError(error: Error, room: Room, depth: number): boolean {
  const { name, message, stack } = error;
  if (!isPrintable(String(name)) || !isPrintable(String(message), ROOM)) return false;
  const lines = String(stack).split('\n');
  for (let at = 1; at < lines.length; at++) {
    const line = lines[at] as string;
    if (!FRAME.test(line) || !isPrintable(line, ROOM)) return false;
  }
  const { cause, errors } = error as { cause?: unknown; errors?: unknown };
  return isSafe(cause, room, depth - 1) && isSafe(errors, room, depth - 1);
}

/** The message of an error and its stack: each line of the stack on a line of its own, indented. */
function errorText(error: Error): string {
  const said = `${printable(String(error.name))}: ${printable(String(error.message), ROOM)}`;
  const lines = String(error.stack)
    .split('\n')
    .filter((line) => line.trim() !== '' && FRAME.test(line))
    .slice(0, FRAMES);
  return [said, ...lines.map((line) => `    ${printable(line.trim())}`)].join('\n');
}

/** A value in a form similar to JSON, cut when there is no room left. */
function sketch(value: unknown, room: Room, depth: number): string {
  room.left--;
  if (typeof value === 'string') {
    const text = quote(value, Math.max(0, Math.min(200, room.left)));
    room.left -= text.length;
    return text;
  }
  if (typeof value === 'bigint' && isLarge(value)) return 'a large bigint';
  if (typeof value !== 'object' || value === null) {
    return typeof value === 'function' || typeof value === 'symbol' ? `a ${typeof value}` : String(value);
  }
  if (isShownAsText(value)) return sketch(String(value), room, depth);
  if (depth === 0 || room.left <= 0) return '…';
  if (value instanceof Error) return quote(`${value.name}: ${value.message}`);
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  const parts: string[] = [];
  const isList = Array.isArray(value) || value instanceof Set;
  for (const [key, item] of isList ? [...value].entries() : Object.entries(value)) {
    if (room.left <= 0) {
      parts.push('…');
      break;
    }
    const text = sketch(item, room, depth - 1);
    parts.push(isList ? text : `${sketch(key, room, depth)}: ${text}`);
  }
  return isList ? `[${parts.join(', ')}]` : `{${parts.join(', ')}}`;
}
