import type { Extension, ExtensionNames, SideHost } from '../../api/extension.js';
import { isFunction, isObject, must } from '../../contract/check-options.js';
import type { ErrorPolicy } from '../../types/errors.js';
import { isErrorClass } from './error-classes.js';
import { SideErrors } from './side-errors.js';

const policies: readonly ErrorPolicy[] = ['hidden', 'message', 'full'];

/** The name of the extension, and the options that it checks. */
export const errorNames: ExtensionNames = {
  name: 'errors',
  options: {
    errors: must(
      (value) => policies.includes(value as ErrorPolicy),
      policies.map((policy) => `"${policy}"`).join(' or '),
    ),
    errorClasses: must(isObject, 'an array of classes, or an object with classes by name'),
    logErrors: must(
      (value) => typeof value === 'boolean' || isFunction(value) || value === 'hidden' || value === 'unexpected',
      'true, false, "hidden", "unexpected" or a function',
    ),
    neverLogged: must(
      (value) => Array.isArray(value) && value.every(isErrorClass),
      'an array of classes that extend Error',
    ),
  },
};

/** What registers the classes of errors that options and methods name. */
type Registration = typeof import('./register-classes.js');

/** How errors are sent, and what they become on arrival. Without `registration`, no classes are registered. */
export function errorsWith(registration?: Registration): Extension {
  return {
    ...errorNames,
    attach({ options, reports }: SideHost) {
      const errors = new SideErrors(options, reports);
      const { errorClasses } = options;
      if (registration !== undefined && errorClasses !== undefined)
        registration.registerClasses(errors.known, errorClasses);
      return {
        errors,
        ...(registration !== undefined && {
          declared({ path, declaration }) {
            const classes = declaration.options.errors;
            if (classes !== undefined) registration.registerErrorsOf(errors.known, path, classes);
          },
        }),
      };
    },
  };
}
