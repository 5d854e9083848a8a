import type { Extension } from '../../api/extension.js';
import { NEXT, PULL } from '../../session/system-names.js';
import { nexted, pulled } from './messages.js';
import { produce } from './produce.js';
import { streamOf } from './relayed-stream.js';
import { callStream } from './stream-call.js';

/** Replies of many items. */
export const streams: Extension = {
  name: 'streams',
  notifications: { [NEXT]: nexted, [PULL]: pulled },
  attach: () => ({
    streams: {
      call: callStream,
      relay: streamOf,
      produce,
    },
  }),
};
