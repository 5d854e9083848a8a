import net from 'node:net';
import { hostPort, readOptions } from '../src/contract/address.js';
import type { TransportFactory } from '../src/contract/contract.js';
import { UsageError } from '../src/contract/errors.js';
import { framingFor } from '../src/contract/framing/framings.js';
import { socketInfo } from './shared/socket-info.js';
import { StreamDialer } from './shared/stream-dial.js';
import { StreamListener } from './shared/stream-listen.js';

/**
 * `tcp://host:port`: frames over TCP. An empty host means every interface when listening and 127.0.0.1 when dialing;
 * port 0 picks a free port, which `address` then contains. The id of a peer is `ip:port`.
 *
 * Options: `framing`; `keepAlive`, after how many milliseconds of silence the system checks whether the peer is still
 * there (default: never); `backlog`, how many connections may wait to be accepted (1,024; listening only).
 */
const tcp: TransportFactory = (address, wire) => {
  const options = readOptions(address, { framing: 'text', keepAlive: 'number', backlog: 'number' });
  const framing = framingFor(options.framing, wire);
  const { host, port } = hostPort(address);
  const keepAlive = { keepAlive: options.keepAlive !== undefined, keepAliveInitialDelay: options.keepAlive ?? 0 };
  const query = options.framing === undefined ? '' : `?framing=${options.framing}`;
  const at = (name: string, number: number): string => `tcp://${bracketed(name)}:${number}${query}`;

  if (wire.listen) {
    return new StreamListener({
      asked: at(host, port),
      target: { port, ...(host !== '' && { host }), backlog: options.backlog ?? 1_024 },
      socket: keepAlive,
      wire,
      framing,
      peerOf,
      infoOf: socketInfo,
      addressOf: (server) => at(reachable(host), (server.address() as net.AddressInfo).port),
    });
  }
  if (port === 0)
    throw new UsageError(`"${address.text}" cannot be dialed: expected the port of the side that listens`);
  if (options.backlog !== undefined)
    throw new UsageError('tcp: the option "backlog" is only for the side that listens');
  const target = host === '' ? '127.0.0.1' : host;
  return new StreamDialer({
    address: at(target, port),
    target: { port, host: target, ...keepAlive },
    wire,
    framing,
    peerOf: (socket) => peerOf(socket) ?? at(target, port),
    infoOf: socketInfo,
  });
};

export default tcp;

/** `ip:port` of the other end; undefined if it is already closed. */
function peerOf(socket: net.Socket): string | undefined {
  const { remoteAddress, remotePort } = socket;
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  // On a dual-stack socket, an IPv4 client has an address like ::ffff:1.2.3.4.
  return `${bracketed(remoteAddress.replace(/^::ffff:(?=\d+\.)/i, ''))}:${remotePort}`;
}

/** The host under which a listening socket can be reached from this machine. */
function reachable(host: string): string {
  if (host === '' || host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

function bracketed(host: string): string {
  return net.isIPv6(host) ? `[${host}]` : host;
}
