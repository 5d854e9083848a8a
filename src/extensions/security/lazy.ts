import type { LazyExtension } from '../../api/extension.js';

/** Loads the extension if the option `security` is set. Most sides have none. */
export const lazySecurity: LazyExtension = {
  name: 'security',
  entry: 'obverse/all',
  load: async () => (await import('./extension.js')).security,
  when: { options: ['security'] },
};
