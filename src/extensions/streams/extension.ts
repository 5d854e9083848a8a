import type { RpcEndpoint } from '../../api/endpoint.js';
import type { Extension } from '../../api/extension.js';
import { ProtocolError } from '../../contract/errors.js';
import { NEXT, PULL } from '../../session/system-names.js';
import { streams as room } from './streams.js';

/** Answers of many items. */
export const streams: Extension = {
  name: 'streams',
  notifications: {
    [NEXT]: (session, args) => loaded().nexted(session, args),
    [PULL]: (session, args) => loaded().pulled(session, args),
  },
  attach: (host) => ({
    streams: {
      call: (row, self, receivers, args, options) => {
        if (room.here === undefined) host.mustBeOpen();
        return room.there.callStream(host as RpcEndpoint, row, self, receivers, args, options);
      },
      produce: (sender, source) => room.there.produce(sender, source),
    },
  }),
};

/** Where they were not loaded, none was asked for, and none runs. */
function loaded(): NonNullable<typeof room.here> {
  if (room.here === undefined) throw new ProtocolError('a message is about a stream, and this side has none');
  return room.here;
}
