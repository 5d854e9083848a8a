import { isPromise } from './kinds.js';

/**
 * Whether a value is a promise of any kind: `instanceof` fails for one from another realm or from a library. Never
 * throws: a value that cannot be inspected, such as a revoked proxy, is not a promise.
 */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  try {
    return hasThen(value);
  } catch {
    return false;
  }
}

/**
 * A value as a promise, as `await` treats it; undefined if it is not a promise. Throws what looking at the value
 * throws: a getter `then` may throw, and so does a revoked proxy. The result is a promise of this realm, so it settles
 * once, and later.
 */
export function promiseOf(value: unknown): Promise<unknown> | undefined {
  return hasThen(value) ? Promise.resolve(value) : undefined;
}

function hasThen(value: unknown): value is PromiseLike<unknown> {
  return value !== null && typeof value === 'object' && typeof (value as { then?: unknown }).then === 'function';
}

/**
 * For a value that is not awaited, or only later: if it is a promise that rejects, the rejection does not end the
 * process. The caller reports in another way what became of the value. Never throws.
 */
export function ignoreRejection(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  try {
    if (isPromise(value)) value.then(undefined, () => {});
  } catch {
    // A value that cannot be inspected is not a promise.
  }
}
