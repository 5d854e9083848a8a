import type { LazyExtension } from '../../api/extension.js';

/** For pages, which have no environment: the option loads it. */
export const lazyDiagnostics: LazyExtension = {
  name: 'diagnostics',
  entry: 'obverse/all',
  load: async () => (await import('./extension.js')).diagnostics,
  when: { options: ['callSites'] },
};
