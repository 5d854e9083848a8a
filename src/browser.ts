import { plugins } from './plugins.browser.js';
import { provide } from './registry.js';

provide(plugins);

// For editors: what `plugins` has.
declare module './names.js' {
  interface CodecNames {
    jrpc: true;
    terse: true;
    clone: true;
    msgpack: true;
  }
  interface AddressNames {
    'ws://': true;
    'wss://': true;
    'worker:': true;
    'port:': true;
    'memory:': true;
    'mux:': true;
  }
  interface SecurityNames {
    null: true;
    user: true;
  }
}

export * from './api.js';
