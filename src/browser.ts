import { installAlways } from './extensions/always.js';
import { plugins } from './plugins/browser.js';
import { provide } from './plugins/registry.js';

provide(plugins);
installAlways();

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

export * from './exports.js';
