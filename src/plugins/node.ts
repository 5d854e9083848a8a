import type { Plugins } from './registry.js';

/**
 * The plug-ins of Obverse on Node, Bun and Deno. The only references from the library to its plug-ins, and they are
 * lazy.
 */
export const plugins: Plugins = {
  codecs: {
    jrpc: () => import('../../codecs/jrpc.js'),
    msgpack: async () => (await import('../../codecs/msgpack/by-name.js')).msgpackByName(),
    aiozmq: async () => (await import('../../codecs/aiozmq/by-name.js')).aiozmqByName(),
    aiomas: async (address) => (await import('../../codecs/aiomas/by-name.js')).aiomasByName(address),
    terse: () => import('../../codecs/terse.js'),
    clone: () => import('../../codecs/clone.js'),
  },
  transports: {
    tcp: () => import('../../transports/tcp.js'),
    tls: () => import('../../transports/tls.js'),
    unix: () => import('../../transports/unix.js'),
    ws: ({ rest, options }) =>
      'socket' in options || (rest === '' && !('server' in options))
        ? import('../../transports/socket.js')
        : import('../../transports/ws.js'),
    socket: () => import('../../transports/socket.js'),
    http: () => import('../../transports/http.js'),
    stdio: () => import('../../transports/stdio.js'),
    process: () => import('../../transports/process.js'),
    worker: () => import('../../transports/worker.js'),
    port: () => import('../../transports/port.js'),
    memory: () => import('../../transports/memory.js'),
    udp: () => import('../../transports/udp.js'),
    nats: () => import('../../transports/nats.js'),
    postgres: () => import('../../transports/postgres.js'),
    sqlite: () => import('../../transports/sqlite.js'),
    zmq: () => import('../../transports/zmq.js'),
    discover: () => import('../../transports/discover.js'),
    mux: () => import('../../transports/mux.js'),
    balance: () => import('../../transports/balance.js'),
    reconnect: () => import('../../transports/reconnect.js'),
  },
  combining: {
    pair: () => import('./codec-pair.js'),
    stages: () => import('./staged-codec.js'),
  },
  securities: {
    null: () => import('./securities/null.js'),
    user: () => import('./securities/user.js'),
  },
};
