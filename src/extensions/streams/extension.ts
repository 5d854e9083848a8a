import type { RpcEndpoint } from '../../api/endpoint.js';
import type { Extension } from '../../api/extension.js';
import { NEXT, PULL } from '../../session/system-names.js';
import { nexted, pulled } from './messages.js';
import { produce } from './produce.js';
import { callStream } from './stream-call.js';

/** Replies of many items. */
export const streams: Extension = {
  name: 'streams',
  notifications: { [NEXT]: nexted, [PULL]: pulled },
  attach: (host) => ({
    streams: {
      call: (row, self, receivers, args, options) =>
        callStream(host as RpcEndpoint, row, self, receivers, args, options),
      produce,
    },
  }),
};
