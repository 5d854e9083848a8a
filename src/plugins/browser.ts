import { UsageError } from '../contract/errors.js';
import type { Plugins } from './registry.js';

/**
 * What Obverse brings with it in browsers: nothing from which a module of Node can be reached, and no optional package, which
 * a bundler would look for whether it is used or not.
 */
export const plugins: Plugins = {
  codecs: {
    jrpc: ({ options }) =>
      options.dialect === undefined ? import('../../codecs/jrpc/strict.js') : import('../../codecs/jrpc.js'),
    terse: () => import('../../codecs/terse.js'),
    clone: () => import('../../codecs/clone.js'),
    msgpack: async () => {
      throw new UsageError(
        "in browsers, msgpack is given by hand: import msgpack from 'obverse/codecs/msgpack', then registerCodec('msgpack', msgpack)",
      );
    },
  },
  transports: {
    ws: () => import('../../transports/ws.browser.js'),
    worker: () => import('../../transports/worker.js'),
    port: () => import('../../transports/port.js'),
    memory: () => import('../../transports/memory.js'),
    mux: () => import('../../transports/mux.js'),
  },
  elsewhere: ['tcp', 'unix', 'udp', 'stdio', 'process'],
  combining: {
    pair: () => import('./codec-pair.js'),
    stages: () => import('./staged-codec.js'),
  },
  securities: {
    null: () => import('./securities/null.js'),
    user: () => import('./securities/user.js'),
  },
};
