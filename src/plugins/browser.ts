import { UsageError } from '../contract/errors.js';
import type { Plugins } from './registry.js';

/**
 * The plug-ins of Obverse in browsers: none that reaches a module of Node, and no optional package, which a bundler
 * would resolve even if it is not used.
 */
export const plugins: Plugins = {
  codecs: {
    jrpc: ({ options }) =>
      options.dialect === undefined ? import('../../codecs/jrpc/strict.js') : import('../../codecs/jrpc.js'),
    terse: () => import('../../codecs/terse.js'),
    clone: () => import('../../codecs/clone.js'),
    msgpack: async () => {
      throw new UsageError(
        "in browsers, msgpack must be registered: import msgpack from 'obverse/codecs/msgpack', then registerCodec('msgpack', msgpack)",
      );
    },
  },
  transports: {
    ws: ({ rest, options }) =>
      rest === '' && !('server' in options)
        ? import('../../transports/socket.js')
        : import('../../transports/ws.browser.js'),
    socket: () => import('../../transports/socket.js'),
    http: () => import('../../transports/http/page.js'),
    worker: () => import('../../transports/worker.js'),
    port: () => import('../../transports/port.js'),
    memory: () => import('../../transports/memory.js'),
    mux: () => import('../../transports/mux.js'),
    balance: () => import('../../transports/balance.js'),
    reconnect: () => import('../../transports/reconnect.js'),
  },
  elsewhere: ['tcp', 'tls', 'unix', 'udp', 'discover', 'stdio', 'process'],
  combining: {
    pair: () => import('./codec-pair.js'),
    stages: () => import('./staged-codec.js'),
  },
  securities: {
    null: () => import('./securities/null.js'),
    user: () => import('./securities/user.js'),
  },
};
