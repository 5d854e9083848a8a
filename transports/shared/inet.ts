import type { AddressInfo } from 'node:net';
import { hostPort } from '../../src/contract/address.js';
import type { Address, Transport, Wire } from '../../src/contract/contract.js';
import { UsageError } from '../../src/contract/errors.js';
import { framingFor } from '../../src/contract/framing/framings.js';
import { bracketed, peerOf, reachable } from './socket-address.js';
import { socketInfo } from './socket-info.js';
import { type SecureDialing, StreamDialer } from './stream/dial.js';
import { type SecureListening, StreamListener } from './stream/listen.js';

/** The options of `tcp:`, which `tls:` has too. */
export const INET_OPTIONS = { framing: 'text', keepAlive: 'number', backlog: 'number' } as const;

/** Their values. */
export interface InetOptions {
  readonly framing?: string;
  readonly keepAlive?: number;
  readonly backlog?: number;
}

/** What encrypts the connections, at the end that the wire asks for; undefined for `tcp:`. */
export interface Secure {
  /** `address` is the requested address, for people. */
  listening(address: string): SecureListening;
  dialing(address: string, host: string): SecureDialing;
}

/**
 * A transport over TCP: it listens on a host and a port, or dials them. Throws a UsageError for an address or an option
 * that does not fit.
 */
export function inetTransport(address: Address, wire: Wire, options: InetOptions, secure?: Secure): Transport {
  const { scheme } = address;
  const framing = framingFor(options.framing, wire);
  const { host, port } = hostPort(address);
  const keepAlive = { keepAlive: options.keepAlive !== undefined, keepAliveInitialDelay: options.keepAlive ?? 0 };
  const query = options.framing === undefined ? '' : `?framing=${options.framing}`;
  const at = (name: string, number: number): string => `${scheme}://${bracketed(name)}:${number}${query}`;

  if (wire.listen) {
    return new StreamListener({
      asked: at(host, port),
      target: { port, ...(host !== '' && { host }), backlog: options.backlog ?? 1_024 },
      socket: keepAlive,
      wire,
      framing,
      peerOf,
      infoOf: socketInfo,
      addressOf: (server) => at(reachable(host), (server.address() as AddressInfo).port),
      ...(secure !== undefined && { secure: secure.listening(at(host, port)) }),
    });
  }
  if (port === 0)
    throw new UsageError(`"${address.text}" cannot be dialed: expected the port of the side that listens`);
  if (options.backlog !== undefined)
    throw new UsageError(`${scheme}: the option "backlog" is only for the side that listens`);
  const target = host === '' ? '127.0.0.1' : host;
  return new StreamDialer({
    address: at(target, port),
    target: { port, host: target, ...keepAlive },
    wire,
    framing,
    peerOf: (socket) => peerOf(socket) ?? at(target, port),
    infoOf: socketInfo,
    ...(secure !== undefined && { secure: secure.dialing(at(target, port), target) }),
  });
}
