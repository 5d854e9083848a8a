import type { IncomingMessage, ServerResponse } from 'node:http';
import { Server as TlsServer } from 'node:tls';
import { hostPort, readOptions, withoutPassword } from '../src/contract/address.js';
import type { Address, Transport, TransportFactory, Wire } from '../src/contract/contract.js';
import { UsageError } from '../src/contract/errors.js';
import { HttpDialer } from './http/dial.js';
import { type FetchHandler, makeFetchHandler } from './http/handler.js';
import { HttpListener } from './http/listen.js';
import { NodeExchange } from './http/node.js';
import { REQUEST_OPTIONS, type RequestOptions, readRequests } from './http/options.js';
import { FetchPoster } from './http/post-fetch.js';
import { NodePoster } from './http/post-node.js';
import { dialedUrl, readConnections, readHeaders } from './http/url.js';
import { connectTime, foreignServer, ownServer, readServer } from './shared/http-servers.js';
import { SecureClient } from './shared/tls/client.js';
import { readTls, TLS_OPTIONS, tlsOptionIn } from './shared/tls/options.js';

export type { FetchHandler } from './http/handler.js';
export type { RequestOptions } from './http/options.js';

/** The options of both ends; the query of a dialed URL is not read for options. */
const OPTIONS = {
  server: 'any',
  headers: 'any',
  client: ['fetch', 'node'],
  connections: 'number',
  ...REQUEST_OPTIONS,
  ...TLS_OPTIONS,
} as const;

/**
 * `http://host:port/path` and `https:`: each call is a POST, with its answer in the response, which is a stream of events where anything
 * comes before the answer. A server receives the requests at the path of its address, `/` by default. Each POST is a peer of its own, which
 * exists until it is answered; a GET that accepts events is a peer that receives notifications. The server cannot call a client.
 *
 * When listening: `server`, an existing HTTP server, which is not closed with the side (the address may then be `http:` or `http:/path`);
 * `origins` and `hosts`, as for `ws:`; `cors`, the origins whose pages may also read the responses; `forwarded`, the headers in which
 * a proxy says who has sent a request; `document`, whether a GET receives the description of the methods; `keepAlive`, the milliseconds between two comments in a
 * stream of events.
 *
 * When dialing: `headers` of each request, or a function that returns them; `client`, `node` for `node:http` (the default on Node) or
 * `fetch`; `connections`, how many requests are made at a time. The query of a dialed address belongs to the application of the server, so
 * the options are set in an object.
 *
 * `https:`, at both ends: the options of `tls:` for certificates. A server needs `cert` and `key`.
 */
const http: TransportFactory = (address, wire) => {
  if (wire.form === 'values') throw new UsageError('http: carries text or bytes, not values; use another codec');
  return wire.listen ? listening(address, wire) : dialing(address, wire);
};

export default http;

function listening(address: Address, wire: Wire): Transport {
  const { scheme, rest, text } = address;
  const options = readOptions(address, OPTIONS);
  refuseOthers(options, ['headers', 'client', 'connections'], 'dials');
  const place = /^(?:\/\/)?([^/?#]*)(\/[^?#]*)?$/.exec(rest);
  if (place === null)
    throw new UsageError(`"${withoutPassword(text)}" cannot be served; expected a path without query and fragment`);
  const [, authority = '', path = '/'] = place;
  const plan = { ...readRequests(wire, options, authority), path: new URL(path, 'http://localhost').pathname };
  const secured = tlsOptionIn(options);
  if (options.server !== undefined) {
    if (secured !== undefined)
      throw new UsageError(
        `http: the option "${secured}" cannot be combined with "server"; configure TLS on that server`,
      );
    const server = readServer('http', options.server);
    const secure = scheme === 'https' || server instanceof TlsServer;
    return new HttpListener({ ...plan, server: foreignServer(server, secure ? 'https' : 'http', authority) });
  }
  refusePlain(scheme, secured);
  const { host, port } = hostPort(address, true);
  const tls = scheme === 'https' ? readTls(address, options, true) : undefined;
  const connectMs = connectTime(wire);
  // The time for a body is limited by the transport: a large one may take longer, as long as it grows.
  const bounds = {
    requestTimeout: 0,
    headersTimeout: connectMs,
    keepAliveTimeout: 60_000,
    connectionsCheckingInterval: Math.min(Math.ceil(connectMs / 4), 30_000),
  };
  const server = ownServer({ scheme: 'http', host, port, tls }, wire, bounds);
  return new HttpListener({ ...plan, server });
}

function dialing(address: Address, wire: Wire): Transport {
  const target = dialedUrl(address);
  const options = readOptions(target.own, OPTIONS);
  refuseOthers(options, ['server', ...Object.keys(REQUEST_OPTIONS)], 'listens');
  const secured = tlsOptionIn(options);
  refusePlain(address.scheme, secured);
  const { client = usualClient() } = options;
  if (client === 'fetch' && secured !== undefined)
    throw new UsageError(`http: the fetch of the runtime does not support "${secured}"; set client: "node"`);
  const connections = readConnections(options.connections);
  const tls = address.scheme === 'https' ? readTls(address, options, false) : undefined;
  const { url } = target;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const secure = tls && new SecureClient(tls, host, target.address, 'http:', wire.logger);
  const poster =
    client === 'fetch' ? new FetchPoster(url.href) : new NodePoster(url, connections, wire.limits.connectMs, secure);
  return new HttpDialer({ target, wire, poster, headers: readHeaders(options.headers), connections });
}

/** `node:http` on Node, where it takes less time than `fetch`. */
function usualClient(): 'node' | 'fetch' {
  return 'bun' in process.versions || 'deno' in process.versions ? 'fetch' : 'node';
}

/** Throws a UsageError for an option of TLS where nothing is encrypted. */
function refusePlain(scheme: string, secured: string | undefined): void {
  if (scheme === 'http' && secured !== undefined)
    throw new UsageError(`http: is not encrypted, so "${secured}" has no effect; use https:`);
}

function refuseOthers(options: object, names: readonly string[], side: string): void {
  for (const name of names) {
    if (name in options) throw new UsageError(`http: the option "${name}" is for the side that ${side}`);
  }
}

/** What {@link HttpHandler.node} reads of an `IncomingMessage` of `node:http`, without its types. */
interface NodeRequest {
  readonly httpVersion: string;
  readonly headers: object;
}
/** The same of a `ServerResponse`. */
interface NodeResponse {
  statusCode: number;
  readonly headersSent: boolean;
}

/** A transport for `serve` whose requests come from a server of the application. */
export interface HttpHandler extends FetchHandler {
  /** Answers a request of `node:http` or of Express. Throws a UsageError before it is served. */
  readonly node: (request: NodeRequest, response: NodeResponse) => void;
}

/**
 * A transport for `serve` that is put into a server of the application, at the path that its router chooses: `handler.fetch` answers a
 * `Request`, `handler.node` a request of `node:http`. The options are those of `http:` for the side that listens. Throws a UsageError for one
 * that does not fit.
 */
export function httpHandler(options: RequestOptions = {}): HttpHandler {
  const address: Address = { text: 'httpHandler()', scheme: 'http', rest: '', options: { ...options } };
  const read = readOptions(address, REQUEST_OPTIONS);
  const { handler, served } = makeFetchHandler((wire) => readRequests(wire, read, ''));
  return Object.assign(handler, {
    node: (request: NodeRequest, response: NodeResponse) =>
      served().take(new NodeExchange(request as IncomingMessage, response as ServerResponse)),
  });
}
