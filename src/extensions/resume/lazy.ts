import type { LazyExtension } from '../../api/extension.js';

/**
 * Loads the extension where a side may dial again, by the option `reconnect` or an address, and for the option `resume`. The extension itself
 * checks what is in the option.
 */
export const lazyResume: LazyExtension = {
  name: 'resume',
  entry: 'obverse/reconnect',
  load: async () => (await import('./extension.js')).resume,
  when: { options: ['reconnect', 'resume'], addresses: /reconnect[+:]|restart:/i },
  options: { resume: () => undefined },
  events: ['resumed'],
};
