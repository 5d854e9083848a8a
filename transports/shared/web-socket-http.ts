import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo, ListenOptions } from 'node:net';
import type { Wire } from '../../src/contract/contract.js';
import { bracketed, reachable } from './socket-address.js';
import type { TlsSettings } from './tls-options.js';
import { SecureServer } from './tls-server.js';

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

/** A server of this library: it accepts upgrades only, and limits the handshake to `connectMs`. */
export function ownServer(host: string, port: number, tls: TlsSettings | undefined, wire: Wire): HttpServer {
  const { limits, logger } = wire;
  const connectMs = Math.min(Math.ceil(limits.connectMs), 2 ** 31 - 1);
  const bounds = {
    requestTimeout: connectMs,
    connectionsCheckingInterval: Math.min(Math.ceil(connectMs / 4), 30_000),
  };
  const scheme = tls === undefined ? 'ws' : 'wss';
  let bound = port;
  const origin = (): string => `${scheme}://${bracketed(reachable(host))}:${bound}`;
  const secure = tls && new SecureServer(tls, limits, logger, origin);
  const server =
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
export function foreignServer(server: http.Server, secure: boolean, name: string): HttpServer {
  const scheme = secure ? 'wss' : 'ws';
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

function answer(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(426, { Connection: 'close', Upgrade: 'websocket', 'Content-Type': 'text/plain; charset=utf-8' });
  response.end('this server accepts WebSocket only\n');
}
