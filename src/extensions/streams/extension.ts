import type { Extension } from '../../api/extension.js';
import { NEXT, PULL } from '../../session/system-names.js';
import { receiveItems, receivePull } from './messages.js';
import { streamFrom } from './relayed-stream.js';
import { serveStream } from './serve-stream.js';
import { callStream } from './stream-call.js';

/** Replies of many items. */
export const streams: Extension = {
  name: 'streams',
  notifications: { [NEXT]: receiveItems, [PULL]: receivePull },
  attach: () => ({
    streams: {
      call: callStream,
      relay: streamFrom,
      produce: serveStream,
    },
  }),
};
