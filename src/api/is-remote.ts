import { isError } from '../base/kinds.js';
import { RemoteError } from '../contract/errors.js';
import type { ArrivedError } from '../types/errors.js';

/** The mark of an error that was received from another side. The same for every copy of the library in a process. */
export const REMOTE: unique symbol = Symbol.for('obverse.remote') as never;

/**
 * Whether an error has come from the other side, as what it was there or as a `RemoteError`: not an error of the same class
 * that was thrown on this side.
 */
export function isRemote(error: unknown): error is ArrivedError {
  return error instanceof RemoteError || (isError(error) && Object.hasOwn(error, REMOTE));
}
