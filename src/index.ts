// Before the decorators of a spec run: where `emitDecoratorMetadata` is on, it keeps the classes of parameters.
import 'reflect-metadata/lite';
import { install } from './api/extension-registry.js';
import { showInConsole } from './api/inspected.js';
import { CountingReports } from './api/report-writer.js';
import { provideReportWriter } from './api/reports.js';
import { showGathered } from './extensions/multicast/inspected.js';
import { showStreams } from './extensions/streams/inspected.js';
import { plugins } from './plugins/node.js';
import { nodeExtensions } from './plugins/node-extensions.js';
import { provide } from './plugins/registry.js';

provide(plugins);
install(...nodeExtensions);
provideReportWriter(CountingReports);
showInConsole();
showStreams();
showGathered();

// For editors: what `plugins` has.
declare module './contract/plugin-names.js' {
  interface CodecNames {
    jrpc: true;
    msgpack: true;
    terse: true;
    clone: true;
  }
  interface AddressNames {
    'tcp://': true;
    'tls://': true;
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
    'reconnect+': true;
    'restart:': true;
  }
  interface SecurityNames {
    null: true;
    user: true;
  }
}

// Byte streams are cut in Buffers, which browsers do not have.
export { framingFor } from './contract/framing/framings.js';
export * from './exports.js';
