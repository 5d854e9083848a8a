import { furnish } from './furnished.js';
import { showInConsole } from './inspected.js';
import { plugins } from './plugins.js';
import { provide } from './registry.js';

provide(plugins);
furnish();
showInConsole();

// For editors: what `plugins` has.
declare module './names.js' {
  interface CodecNames {
    jrpc: true;
    msgpack: true;
    terse: true;
    clone: true;
  }
  interface AddressNames {
    'tcp://': true;
    'unix:': true;
    'ws://': true;
    'wss://': true;
    'stdio:': true;
    'process:': true;
    'worker:': true;
    'port:': true;
    'memory:': true;
    'udp://': true;
    'mux:': true;
  }
  interface SecurityNames {
    null: true;
    user: true;
  }
}

export * from './api.js';
// Byte streams are cut in Buffers, which browsers do not have.
export { framingFor } from './framing/index.js';
