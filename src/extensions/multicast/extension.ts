import type { Hub } from '../../api/endpoint.js';
import type { Extension } from '../../api/extension.js';
import { tellMany } from './notify-many.js';

/** Notifications for more than one receiver. */
export const multicast: Extension = {
  name: 'multicast',
  attach: (host) => ({
    multicast: {
      notify: (row, receivers, packed, about, slow) => tellMany(host as Hub, row, receivers, packed, about, slow),
    },
  }),
};
