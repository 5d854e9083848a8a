import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo, ListenOptions } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import type { Wire } from '../../src/contract/contract.js';
import { UsageError } from '../../src/contract/errors.js';
import { bracketed, reachable } from './socket-address.js';
import type { TlsSettings } from './tls/options.js';
import { SecureServer } from './tls/server.js';

/** The HTTP server: one of this library, or an existing one, which stays open. */
export interface HttpServer {
  readonly server: http.Server;
  /** Where a server of this library listens; undefined for an existing server. */
  readonly target: ListenOptions | undefined;
  /** Its TLS, if it is a server of this library that has one. */
  readonly secure?: SecureServer | undefined;
  /** The address that peers connect to, without the path; undefined until it is known. */
  origin(): string | undefined;
}

/** Where a server of this library listens. */
export interface ServerPlace {
  /** Its scheme without TLS. */
  readonly scheme: 'ws' | 'http';
  readonly host: string;
  readonly port: number;
  readonly tls: TlsSettings | undefined;
}

/** What answers the requests of a server. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** `limits.connectMs` as a number that a timer can wait. */
export function connectTime({ limits }: Wire): number {
  return Math.min(Math.ceil(limits.connectMs), 2 ** 31 - 1);
}

/** A server of this library. `answer` receives its requests, if others do not; `bounds` limits their time. */
export function ownServer(place: ServerPlace, wire: Wire, bounds: http.ServerOptions, answer?: Answer): HttpServer {
  const { limits, logger } = wire;
  const { host, port, tls } = place;
  const connectMs = connectTime(wire);
  const scheme = tls === undefined ? place.scheme : `${place.scheme}s`;
  let bound = port;
  const origin = (): string => `${scheme}://${bracketed(reachable(host))}:${bound}`;
  const secure = tls && new SecureServer(tls, limits, logger, origin);
  const server: http.Server =
    secure === undefined
      ? http.createServer(bounds, answer)
      : https.createServer({ ...secure.options, ...bounds, handshakeTimeout: connectMs }, answer);
  secure?.watch(server as https.Server, () => {});
  server.once('listening', () => {
    bound = (server.address() as AddressInfo).port;
  });
  return { server, target: { port, ...(host !== '' && { host }), backlog: 1_024 }, secure, origin };
}

/** An existing server; `name` is the host, and optionally the port, under which peers know it. */
export function foreignServer(server: http.Server, scheme: string, name: string): HttpServer {
  return {
    server,
    target: undefined,
    origin: () => {
      if (name !== '') return `${scheme}://${name}`;
      const bound = server.address();
      return bound === null || typeof bound === 'string'
        ? undefined
        : `${scheme}://${bracketed(reachable(bound.address))}:${bound.port}`;
    },
  };
}

/** The option `server` of an address. Throws a UsageError if it is none. */
export function readServer(transport: string, value: unknown): http.Server {
  // HTTP and HTTPS servers have the same interface but no common class.
  if (value instanceof http.Server || value instanceof TlsServer) return value as http.Server;
  throw new UsageError(`${transport}: the option "server" must be a server of node:http or node:https`);
}
