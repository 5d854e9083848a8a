import { type Check, isFunction, isObject, must } from '../../contract/check-options.js';

/** The options, and their checks. */
export const authenticationOptions: Readonly<Record<'authenticate' | 'credentials', Check>> = {
  authenticate: must(isFunction, 'a function that returns the user, such as ({ credentials }) => userOf(credentials)'),
  credentials: must(
    (value) => isFunction(value) || isCredentials(value),
    'a text, an object that the codec can carry, or a function that returns one of these',
  ),
};

/** Whether a value can be the credentials of a side. */
export function isCredentials(value: unknown): boolean {
  return typeof value === 'string' || isObject(value);
}
