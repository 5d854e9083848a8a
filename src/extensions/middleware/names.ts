import type { ExtensionNames } from '../../api/extension.js';
import { isFunction, must } from '../../contract/check-options.js';
import type { CallEvents } from '../../types/interceptor.js';

/** The options and events of the middleware. */
export const middlewareNames: ExtensionNames = {
  name: 'middleware',
  options: {
    use: must((value) => [value].flat().every(isFunction), 'a function (call, next) => …, or an array of them'),
    logCalls: must((value) => typeof value === 'boolean' || isFunction(value), 'true, false or a function'),
  },
  events: [
    'method.created',
    'method.call',
    'method.return',
    'method.exception',
    'method.sent',
    'method.closed',
    'method.unknown',
  ] satisfies (keyof CallEvents)[],
};
