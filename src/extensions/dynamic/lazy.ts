import type { LazyExtension } from '../../api/extension.js';

/** Methods that no spec declares. A page imports the entry: no option loads it. */
export const lazyDynamic: LazyExtension = {
  name: 'dynamic',
  entry: 'obverse/dynamic',
  members: {
    setHandler: 'method',
    mount: 'method',
    unmount: 'method',
    pathOf: 'method',
    resolvePath: 'method',
    callPath: 'request',
    notifyPath: 'method',
    streamPath: 'method',
  },
};
