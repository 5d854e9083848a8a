import type { OfferedExtension } from '../../api/extension.js';
import { middlewareNames } from './names.js';

/** Interceptors, events of calls and their log, for pages: loaded in `open()` if an option or a decorator asks for them. */
export const offeredMiddleware: OfferedExtension = {
  ...middlewareNames,
  entry: 'obverse/middleware',
  load: async () => (await import('./extension.js')).middleware,
  when: {
    options: ['use', 'logCalls'],
    method: ({ mark }) => mark.options.use !== undefined,
  },
  members: { use: 'method' },
};
