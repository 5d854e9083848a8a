import type { LazyExtension } from '../../api/extension.js';
import { middlewareNames } from './names.js';

/** Interceptors, call events and the call log, for pages: loaded in `open()` if an option or a decorator needs them. */
export const lazyMiddleware: LazyExtension = {
  ...middlewareNames,
  entry: 'obverse/middleware',
  load: async () => (await import('./extension.js')).middleware,
  when: {
    options: ['use', 'logCalls'],
    method: ({ declaration }) => declaration.options.use !== undefined,
  },
  members: { use: 'method' },
};
