import { isPromise } from './kinds.js';

/**
 * Whether a value is a promise, of whatever kind: one from another realm, or from a library, is none by `instanceof`. Never throws:
 * what cannot be looked at, such as a revoked proxy, is none.
 */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  try {
    return hasThen(value);
  } catch {
    return false;
  }
}

/**
 * The promise that a value is, as `await` sees it; undefined if it is none. Throws what looking at the value throws: a getter `then`
 * may, and so does a revoked proxy. The promise is one of this realm, so that it settles once, and later.
 */
export function promiseOf(value: unknown): Promise<unknown> | undefined {
  return hasThen(value) ? Promise.resolve(value) : undefined;
}

function hasThen(value: unknown): value is PromiseLike<unknown> {
  return value !== null && typeof value === 'object' && typeof (value as { then?: unknown }).then === 'function';
}

/**
 * A value that is not awaited, or only later: if it is a promise that rejects, that ends no process. Whoever calls this tells in
 * another way what became of the value. Never throws.
 */
export function heed(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  try {
    if (isPromise(value)) value.then(undefined, () => {});
  } catch {
    // What cannot be looked at is no promise.
  }
}
