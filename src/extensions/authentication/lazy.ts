import type { LazyExtension } from '../../api/extension.js';
import { authenticationOptions } from './options.js';

/** Loads the extension where one of its options is set, and where a refusal has to end the attempts to connect. */
export const lazyAuthentication: LazyExtension = {
  name: 'authentication',
  entry: 'obverse/all',
  options: authenticationOptions,
  load: async () => (await import('./extension.js')).authentication,
  when: { options: ['authenticate', 'credentials', 'reconnect'], addresses: /reconnect[+:]|restart:/i },
};
