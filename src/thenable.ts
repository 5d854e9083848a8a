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
