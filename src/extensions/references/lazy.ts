import type { LazyExtension, SideHost } from '../../api/extension.js';
import { PlainMapper } from './plain-mapper.js';

/** Value types and references for pages. They are loaded where the option `types` names some, or with `obverse/references`. */
export const lazyReferences: LazyExtension = {
  name: 'references',
  entry: 'obverse/references',
  load: async () => {
    // References may give streams, and streams may be arguments.
    const [{ references }, { streams }] = await Promise.all([
      import('./extension.js'),
      import('../streams/extension.js'),
    ]);
    return [streams, references];
  },
  when: { options: ['types'] },
  untilLoaded: { name: 'references', attach: (host: SideHost) => ({ values: new PlainMapper(host) }) },
};
