/*
 * What a value is, whichever realm it comes from: by `instanceof`, a Map of a `vm` context, of an iframe or of a test runner's sandbox
 * is no Map. The tests come cheapest first. Those that end in a brand check of the language are sure, whatever a value says of itself.
 * Each throws what looking at the value throws, as a revoked proxy does.
 */

/** What `Object.prototype.toString` says of a value, without its brackets: `Map`, `Error`, `HTMLDivElement`. */
export function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

/** Whether a brand check of the language lets a value through. */
function passes(check: (this: never) => unknown, value: object): boolean {
  try {
    check.call(value as never);
    return true;
  } catch {
    return false;
  }
}

function getterOf(prototype: object, name: string): (this: never) => unknown {
  return Object.getOwnPropertyDescriptor(prototype, name)?.get as (this: never) => unknown;
}

const mapSize = /* @__PURE__ */ getterOf(Map.prototype, 'size');
const setSize = /* @__PURE__ */ getterOf(Set.prototype, 'size');
const bufferLength = /* @__PURE__ */ getterOf(ArrayBuffer.prototype, 'byteLength');

export function isMap(value: object): value is Map<unknown, unknown> {
  return value instanceof Map || (tagOf(value) === 'Map' && passes(mapSize, value));
}

export function isSet(value: object): value is Set<unknown> {
  return value instanceof Set || (tagOf(value) === 'Set' && passes(setSize, value));
}

export function isDate(value: object): value is Date {
  return value instanceof Date || (tagOf(value) === 'Date' && passes(Date.prototype.getTime, value));
}

export function isRegExp(value: object): value is RegExp {
  return value instanceof RegExp || tagOf(value) === 'RegExp';
}

/** Not so memory that is shared. */
export function isArrayBuffer(value: object): value is ArrayBuffer {
  return value instanceof ArrayBuffer || (tagOf(value) === 'ArrayBuffer' && passes(bufferLength, value));
}

/** Bytes: a Uint8Array, or a Buffer. */
export function isBytes(value: unknown): value is Uint8Array {
  return (
    value instanceof Uint8Array ||
    (ArrayBuffer.isView(value) &&
      (value as { readonly [Symbol.toStringTag]?: string })[Symbol.toStringTag] === 'Uint8Array')
  );
}

/** A promise of the language, for which a rejection that nobody hears of is an error of the process. */
export function isPromise(value: object): value is Promise<unknown> {
  return value instanceof Promise || tagOf(value) === 'Promise';
}

export function isError(value: unknown): value is Error {
  if (typeof value !== 'object' || value === null) return false;
  if (value instanceof Error) return true;
  const tag = tagOf(value);
  return tag === 'Error' || tag === 'DOMException';
}

/** An object whose class is `Object`, or that has none. */
export function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || prototype === Object.prototype || isObjectPrototype(prototype);
}

/** Only the prototype of `Object` itself, in every realm, has none above it and a method of that name. */
function isObjectPrototype(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}
