import type { LazyExtension } from '../../api/extension.js';

/** Services for pages, which load them where the address names one; the list of extensions shows which addresses do. */
export const lazyServices: LazyExtension = {
  name: 'services',
  entry: 'obverse/all',
  load: async () => (await import('./extension.js')).services,
};
