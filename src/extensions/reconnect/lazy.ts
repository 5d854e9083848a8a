import type { LazyExtension } from '../../api/extension.js';

/** Loads the extension where the option `reconnect` or an address names it. The extension itself checks what is in the option. */
export const lazyReconnect: LazyExtension = {
  name: 'reconnect',
  entry: 'obverse/reconnect',
  load: async () => (await import('./extension.js')).reconnect,
  when: { options: ['reconnect'], addresses: /reconnect[+:]|restart:/i },
  options: { reconnect: () => undefined },
  events: ['reconnecting', 'reconnected', 'lost'],
  members: { reconnect: 'method' },
};
