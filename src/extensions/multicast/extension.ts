import type { RpcEndpoint } from '../../api/endpoint.js';
import type { Extension } from '../../api/extension.js';
import { notifyMany } from './notify-many.js';

/** Notifications for more than one receiver. */
export const multicast: Extension = {
  name: 'multicast',
  attach: (host) => ({
    multicast: {
      notify: (row, receivers, packed, about, slow) =>
        notifyMany(host as RpcEndpoint, row, receivers, packed, about, slow),
    },
  }),
};
