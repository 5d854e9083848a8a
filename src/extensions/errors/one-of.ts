import type { ErrorClass } from '../../types/errors.js';

/**
 * Whether an error is an instance of one of these classes; then it has the type of these. For `catch`, with the list that a
 * method names in its option `errors`. A `RemoteError` that only has such a name is none.
 */
export function isOneOf<const C extends readonly ErrorClass[]>(
  error: unknown,
  classes: C,
): error is InstanceType<C[number]> {
  return classes.some((errorClass) => error instanceof errorClass);
}
