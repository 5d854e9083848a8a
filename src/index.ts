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
import type { NatsOptions, PostgresOptions, SqliteOptions, ZmqOptions } from './types/engine-options.js';
import type {
  BalanceAddressOptions,
  DiscoverOptions,
  FramingOption,
  GivenSocketOptions,
  HttpOptions,
  MemoryOptions,
  ProcessOptions,
  TcpOptions,
  TlsOptions,
  UdpOptions,
  WebSocketOptions,
} from './types/transport-options.js';

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
    aiozmq: true;
    aiomas: true;
    terse: true;
    clone: true;
  }
  interface AddressNames {
    'tcp://': true;
    'tls://': true;
    'unix:': true;
    'ws://': true;
    'socket:': true;
    'wss://': true;
    'http://': true;
    'https://': true;
    'stdio:': true;
    'process:': true;
    'worker:': true;
    'port:': true;
    'memory:': true;
    'udp://': true;
    'nats://': true;
    'sqlite:': true;
    'postgres://': true;
    'zmq+tcp://': true;
    'zmq+ipc://': true;
    'zmq+inproc://': true;
    'discover:': true;
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
    tcp: TcpOptions;
    tls: TcpOptions & TlsOptions & { readonly alpn?: string | readonly string[] | undefined };
    unix: FramingOption & { readonly path?: string | undefined; readonly backlog?: number | undefined };
    stdio: FramingOption & { readonly input?: object | undefined; readonly output?: object | undefined };
    process: ProcessOptions;
    udp: UdpOptions;
    nats: NatsOptions;
    sqlite: SqliteOptions;
    postgres: PostgresOptions;
    'zmq+tcp': ZmqOptions;
    'zmq+ipc': ZmqOptions;
    'zmq+inproc': ZmqOptions;
    discover: DiscoverOptions;
    ws: WebSocketOptions;
    socket: GivenSocketOptions;
    wss: WebSocketOptions & TlsOptions;
    http: HttpOptions;
    https: HttpOptions & TlsOptions;
    memory: MemoryOptions;
    balance: BalanceAddressOptions;
  }
}

// Byte streams are cut in Buffers, which browsers do not have.
export { framingFor } from './contract/framing/framings.js';
export * from './exports.js';
