import type { Extension, ExtensionNames, OfferedExtension } from '../../api/extension.js';
import type { MethodDescriptor } from '../../spec/method-table.js';
import type { CallEvents } from '../../types/interceptor.js';
import type { Options } from '../../types/options.js';
import { middleware as room } from '../rooms.js';
import { isValidated } from '../validation/askable.js';

const names: ExtensionNames = {
  name: 'middleware',
  options: {
    use: (value) =>
      [value].flat().every((one) => typeof one === 'function')
        ? undefined
        : 'a function (call, next) => …, or a list of them',
    logCalls: (value) =>
      typeof value === 'boolean' || typeof value === 'function' ? undefined : 'true, false or a function',
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

/** Interceptors, events of calls and their log. */
export const middleware: Extension = names;

/** Whether something stands around the calls of a method. */
function asksFor(method: MethodDescriptor, { validate }: Options): boolean {
  const { use, allow } = method.mark.options;
  return use !== undefined || allow !== undefined || (validate !== 'off' && isValidated(method));
}

/** The same for pages, which load it where an option or a method asks for it. */
export const offeredMiddleware: OfferedExtension = {
  ...names,
  entry: 'obverse/middleware',
  load: async () => {
    await room.enter();
    return middleware;
  },
  when: { options: ['use', 'logCalls'], method: asksFor },
};
