/*
 * What kind a value is, whichever realm it comes from: with `instanceof`, a Map of a `vm` context, an iframe or the
 * sandbox of a test runner is not a Map. The cheapest tests come first. Those that end in a brand check of the language
 * are reliable, whatever a value claims to be. Each throws what looking at the value throws, such as a revoked proxy.
 */

/** What `Object.prototype.toString` returns for a value, without the brackets: `Map`, `Error`, `HTMLDivElement`. */
export function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

/** The same for an object of another realm: most objects are plain objects of this realm, and their tag is not read. */
function isTagged(value: object, tag: string): boolean {
  return Object.getPrototypeOf(value) !== Object.prototype && tagOf(value) === tag;
}

/** Whether a brand check of the language accepts a value. */
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
const regExpSource = /* @__PURE__ */ getterOf(RegExp.prototype, 'source');
const bufferLength = /* @__PURE__ */ getterOf(ArrayBuffer.prototype, 'byteLength');

export function isMap(value: object): value is Map<unknown, unknown> {
  return value instanceof Map || (isTagged(value, 'Map') && passes(mapSize, value));
}

export function isSet(value: object): value is Set<unknown> {
  return value instanceof Set || (isTagged(value, 'Set') && passes(setSize, value));
}

export function isDate(value: object): value is Date {
  return value instanceof Date || (isTagged(value, 'Date') && passes(Date.prototype.getTime, value));
}

export function isRegExp(value: object): value is RegExp {
  return value instanceof RegExp || (isTagged(value, 'RegExp') && passes(regExpSource, value));
}

/** Not so for shared memory. */
export function isArrayBuffer(value: object): value is ArrayBuffer {
  return value instanceof ArrayBuffer || (isTagged(value, 'ArrayBuffer') && passes(bufferLength, value));
}

/** Bytes: a Uint8Array or a Buffer. */
export function isBytes(value: unknown): value is Uint8Array {
  return (
    value instanceof Uint8Array ||
    (ArrayBuffer.isView(value) &&
      (value as { readonly [Symbol.toStringTag]?: string })[Symbol.toStringTag] === 'Uint8Array')
  );
}

/** A native promise, whose unhandled rejection is an error of the process. */
export function isPromise(value: object): value is Promise<unknown> {
  return value instanceof Promise || isTagged(value, 'Promise');
}

export function isError(value: unknown): value is Error {
  if (typeof value !== 'object' || value === null) return false;
  if (value instanceof Error) return true;
  // Errors have this tag by themselves: a class that sets it with a symbol is something else.
  if (isTagged(value, 'Error')) return !(Symbol.toStringTag in value);
  return isTagged(value, 'DOMException') && typeof (value as { message?: unknown }).message === 'string';
}

/** An object whose class is `Object`, or that has none. */
export function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || prototype === Object.prototype || isObjectPrototype(prototype);
}

/** Only the prototype of `Object` itself, in every realm, has no prototype and has a method of this name. */
function isObjectPrototype(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

/**
 * Whether nothing of an object would remain if its fields were written: its class sets `Symbol.toStringTag`, or is one
 * of the language, and it holds its data elsewhere than in fields. Examples are a Map, a Blob, a Promise and a DOM
 * element. An object with a `toJSON` is replaced by its result; the elements of typed arrays are fields.
 */
export function isHidden(value: object): boolean {
  return !isOfFields(value) && typeof (value as { toJSON?: unknown }).toJSON !== 'function' && hasNoFields(value);
}

/** For the kinds of objects whose fields are their data: those that need no further check. */
export function isOfFields(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === Object.prototype || prototype === null || Array.isArray(value);
}

/** The same as {@link isHidden} for an object that is not of those kinds, whether or not it has a `toJSON`. */
export function hasNoFields(value: object): boolean {
  if (ArrayBuffer.isView(value)) return value.byteLength > 0 && !('length' in value);
  const tag = tagOf(value);
  if (tag === 'Object' || tag === 'Arguments' || Object.keys(value).length > 0) return false;
  // Nothing of an empty collection is lost.
  if (isMap(value) || isSet(value)) return value.size > 0;
  return !isArrayBuffer(value) || value.byteLength > 0;
}
