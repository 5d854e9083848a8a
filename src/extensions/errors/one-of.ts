import type { ErrorClass } from '../../types/errors.js';

/**
 * Whether an error is an instance of one of these classes; narrows its type to these. For `catch`, with the array that a method
 * has in its option `errors`. A `RemoteError` that only has such a name is not an instance.
 */
export function isOneOf<const C extends readonly ErrorClass[]>(
  error: unknown,
  classes: C,
): error is InstanceType<C[number]> {
  return classes.some((errorClass) => error instanceof errorClass);
}
