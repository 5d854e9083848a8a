import { registerLazy } from './api/extension-registry.js';
import { plugins } from './plugins/browser.js';
import { browserExtensions } from './plugins/browser-extensions.js';
import { provide } from './plugins/registry.js';
import type {
  BalanceAddressOptions,
  GivenSocketOptions,
  HttpOptions,
  MemoryOptions,
  TlsOptions,
  WebSocketOptions,
} from './types/transport-options.js';

provide(plugins);
registerLazy(...browserExtensions);

// For editors: what `plugins` has.
declare module './contract/plugin-names.js' {
  interface CodecNames {
    jrpc: true;
    terse: true;
    clone: true;
    msgpack: true;
  }
  interface AddressNames {
    'ws://': true;
    'socket:': true;
    'wss://': true;
    'http://': true;
    'https://': true;
    'worker:': true;
    'port:': true;
    'memory:': true;
    'mux:': true;
    'balance:': true;
    'reconnect+': true;
    'restart:': true;
  }
  interface SecurityNames {
    null: true;
    user: true;
  }
}
declare module './types/transport-options.js' {
  interface TransportOptions {
    ws: WebSocketOptions;
    socket: GivenSocketOptions;
    wss: WebSocketOptions & TlsOptions;
    http: HttpOptions;
    https: HttpOptions & TlsOptions;
    memory: MemoryOptions;
    balance: BalanceAddressOptions;
  }
}

export * from './exports.js';
