import type { Extension } from '../../api/extension.js';
import { NEXT, PULL } from '../../session/system/system-names.js';
import { receiveItems, receivePull } from './messages.js';
import { streamFrom } from './relayed-stream.js';
import { serveStream } from './serve-stream.js';
import { callStream } from './stream-call.js';
import { windowExpects } from './window-option.js';

/** Replies of many items. */
export const streams: Extension = {
  name: 'streams',
  callOptions: { window: windowExpects },
  notifications: { [NEXT]: receiveItems, [PULL]: receivePull },
  attach: () => ({
    streams: {
      call: callStream,
      relay: streamFrom,
      produce: serveStream,
    },
  }),
};
