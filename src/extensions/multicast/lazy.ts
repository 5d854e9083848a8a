import type { RpcEndpoint } from '../../api/endpoint.js';
import type { LazyExtension } from '../../api/extension.js';
import { notInstalled } from '../../api/extension-registry.js';
import type { Check } from '../../contract/check-options.js';
import { notifyMany } from './notify-many.js';

const refuse =
  (option: string): Check =>
  () => {
    throw notInstalled('multicast', `the option "${option}"`);
  };

/** Several receivers for pages, which have calls to all and to a list without it. The rest they import. */
export const lazyMulticast: LazyExtension = {
  name: 'multicast',
  entry: 'obverse/multicast',
  members: { gather: 'method', everyone: 'getter', group: 'method' },
  callOptions: { slow: refuse('slow'), keep: refuse('keep'), slowBytes: refuse('slowBytes') },
  untilLoaded: {
    name: 'multicast',
    attach: (host: RpcEndpoint) => ({
      multicast: {
        notify: (method, receivers, packed, about) => notifyMany(host, method, receivers, packed, about),
      },
    }),
  },
};
