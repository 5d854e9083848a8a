/**
 * Whether a value is a promise, of whatever kind: one from another realm, or from a library, is none by `instanceof`.
 */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return value !== null && typeof value === 'object' && typeof (value as { then?: unknown }).then === 'function';
}
