import type { LazyExtension, SideHost } from '../../api/extension.js';
import { ProtocolError } from '../../contract/errors.js';
import { NEXT, PULL } from '../../session/system/system-names.js';
import { windowExpects } from './window-option.js';

/** Throws a ProtocolError: on a side that has not loaded streams, none can be running. */
function refuse(): never {
  throw new ProtocolError('the message belongs to a stream, and this side has no streams');
}

/**
 * Streams for pages. They are loaded when a side is opened that has a method with a stream, and with what can call, mount or pass others:
 * `obverse/dynamic` and `obverse/references`.
 */
export const lazyStreams: LazyExtension = {
  name: 'streams',
  entry: 'obverse/all',
  callOptions: { window: windowExpects },
  load: async () => (await import('./extension.js')).streams,
  when: { method: ({ stream }) => stream },
  untilLoaded: {
    name: 'streams',
    notifications: { [NEXT]: refuse, [PULL]: refuse },
    // A method with a stream was called before its side is open.
    attach: (host: SideHost) => ({
      streams: {
        call: () => host.mustBeOpen(),
        relay: () => host.mustBeOpen(),
        produce: refuse,
      },
    }),
  },
};
