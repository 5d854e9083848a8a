import { Server as TlsServer } from 'node:tls';
import { hostPort, readOptions, withoutPassword } from '../src/contract/address.js';
import type { Address, Transport, TransportFactory, Wire } from '../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../src/contract/errors.js';
import { isPermanent, markPermanent } from '../src/contract/permanent.js';
import { connectTime, foreignServer, ownServer, readServer } from './shared/http-servers.js';
import { PartialFrames } from './shared/partial-frames.js';
import { SecureClient } from './shared/tls/client.js';
import { readTls, TLS_OPTIONS, tlsOptionIn } from './shared/tls/options.js';
import { readHosts, readOrigins } from './shared/visitors.js';
import { type Connect, type Dialed, dialed, WebSocketDialer } from './shared/web-socket/dial.js';
import { offers, readProtocols } from './shared/web-socket/hello.js';
import { WebSocketListener } from './shared/web-socket/listen.js';
import { loadPackage } from './shared/web-socket/load.js';
import { connectPackage } from './shared/web-socket/package-dial.js';
import { connectStandard, standardWebSocket } from './shared/web-socket/standard.js';
import { answerPlain } from './shared/web-socket/upgrade.js';

/** The options of both ends; the query of a dialed URL is not read for options. */
const OPTIONS = {
  server: 'any',
  origins: 'any',
  hosts: 'any',
  headers: 'any',
  protocols: 'any',
  keepAlive: 'number',
  client: ['ws', 'native'],
  ...TLS_OPTIONS,
} as const;

/**
 * `ws://host:port/path` and `wss:`: one WebSocket message for each frame, a text message for a text codec and a binary
 * one for a binary codec. A server accepts connections on the path of its address, `/` by default. The id of a peer is
 * `ip:port`.
 *
 * The query of a dialed address belongs to the server's application and is sent with it, so the options are set in an
 * object.
 *
 * When listening: `server`, an existing HTTP server, which is not closed with the side (the address may then be `ws:`
 * or `ws:/path`); `origins`, the origins of pages that may connect (by
 * default those of the same host, and with a loopback host those of loopback hosts); `hosts`, the accepted values of
 * `Host` (by default any, but over a loopback address only loopback hosts, unless a proxy has forwarded the request).
 * Both are lists; in a query they are separated by commas.
 *
 * `wss:`, at both ends: the options of `tls:` for certificates. A server needs `cert` and `key`.
 *
 * When dialing: `headers`, and the options of TLS, for the package `ws`; `client`, either `native` for the WebSocket of the runtime
 * (the default if there is one) or `ws` for the package (the default on Node 20, which has none). The package can stop
 * reading, and checks the size of a message before it has received it.
 *
 * Both: `keepAlive`, after how many milliseconds of silence a peer is sent a ping, and disconnected if it is silent for
 * as long again (default: never; the WebSocket of the runtime cannot send pings, so this uses the package `ws`);
 * `protocols`, subprotocols of the application, in addition to those by which two Obverse peers recognize each other.
 */
const ws: TransportFactory = (address, wire) => {
  if (wire.form === 'values') throw new UsageError('ws: carries text or bytes, not values; use another codec');
  return wire.listen ? listening(address, wire) : dialing(address, wire);
};

export default ws;

function listening(address: Address, wire: Wire): Transport {
  const { scheme, rest, text } = address;
  const options = readOptions(address, OPTIONS);
  refuseOthers(options, ['headers', 'client'], 'dials');
  const protocols = readProtocols(options.protocols);
  const place = /^(?:\/\/)?([^/?#]*)(\/[^?#]*)?$/.exec(rest);
  if (place === null)
    throw new UsageError(`"${withoutPassword(text)}" cannot be served; expected a path without query and fragment`);
  const [, authority = '', path = '/'] = place;
  const visitors = {
    name: 'ws',
    origins: readOrigins('ws', options.origins),
    hosts: readHosts('ws', options.hosts),
    ownHost: authority,
  } as const;
  const keepAlive = readKeepAlive(options.keepAlive);
  const plan = { wire, protocols, visitors, keepAlive, path: new URL(path, 'ws://localhost').pathname };
  const secured = tlsOptionIn(options);
  if (options.server !== undefined) {
    if (secured !== undefined)
      throw new UsageError(
        `ws: the option "${secured}" cannot be combined with "server"; configure TLS on that server`,
      );
    const server = readServer('ws', options.server);
    const secure = scheme === 'wss' || server instanceof TlsServer;
    return new WebSocketListener({ ...plan, server: foreignServer(server, secure ? 'wss' : 'ws', authority) });
  }
  refusePlain(scheme, secured);
  const { host, port } = hostPort(address, true);
  const tls = scheme === 'wss' ? readTls(address, options, true) : undefined;
  const requestTimeout = connectTime(wire);
  const bounds = { requestTimeout, connectionsCheckingInterval: Math.min(Math.ceil(requestTimeout / 4), 30_000) };
  const server = ownServer({ scheme: 'ws', host, port, tls }, wire, bounds, answerPlain);
  return new WebSocketListener({ ...plan, server });
}

function dialing(address: Address, wire: Wire): Transport {
  const target = dialed(address);
  const options = readOptions(target.own, OPTIONS);
  refuseOthers(options, ['server', 'origins', 'hosts'], 'listens');
  const protocols = readProtocols(options.protocols);
  const secured = tlsOptionIn(options);
  refusePlain(address.scheme, secured);
  const headers = readObject('headers', options.headers) as Record<string, string> | undefined;
  const keepAlive = readKeepAlive(options.keepAlive);
  const special = secured ?? Object.keys({ headers, keepAlive }).find((name) => name in options);
  if (special !== undefined && options.client === 'native')
    throw new UsageError(`ws: the WebSocket of the runtime does not support "${special}"; set client: "ws"`);
  const tls = address.scheme === 'wss' ? readTls(address, options, false) : undefined;
  const secure = tls && new SecureClient(tls, hostOf(target), target.address, 'ws:', wire.logger);
  const connect = hinting(connecting(special === undefined ? options.client : 'ws', target, headers, secure), address);
  const partial = new PartialFrames(wire.memory);
  return new WebSocketDialer(target.address, wire, connect, offers(wire, protocols), protocols, keepAlive, partial);
}

function readKeepAlive(ms: number | undefined): number | undefined {
  if (ms === undefined || ms > 0) return ms;
  throw new UsageError(`ws: the option "keepAlive" must be a positive number of milliseconds, not ${ms}`);
}

/** Dials with the implementation that the option names, or with that of the runtime if it has one. */
function connecting(
  client: 'ws' | 'native' | undefined,
  target: Dialed,
  headers: Record<string, string> | undefined,
  secure: SecureClient | undefined,
): Connect {
  return async (attempt) => {
    const native = client === 'ws' ? undefined : standardWebSocket();
    if (native !== undefined) return connectStandard(native, target)(attempt);
    if (client === 'native') {
      throw new UsageError('ws: this runtime has no WebSocket; set client: "ws" (npm install ws)');
    }
    const library = await loadPackage();
    attempt.signal.throwIfAborted();
    return connectPackage(library, target, headers, secure)(attempt);
  };
}

/** Where the certificate of the server is not accepted, says that options of TLS in the query have no effect: the server gets them. */
function hinting(connect: Connect, { scheme, text }: Address): Connect {
  const query = new URLSearchParams(scheme === 'wss' ? text.replace(/^[^?]*\??/s, '') : '');
  const name = Object.keys(TLS_OPTIONS).find((one) => query.has(one));
  if (name === undefined) return connect;
  return async (attempt) => {
    try {
      return await connect(attempt);
    } catch (error) {
      if (!(error instanceof ConnectionLost) || !/certificate/.test(error.message)) throw error;
      const hint = `the query of wss: is sent to the server; for this side, write { url, ${name} }`;
      const lost = new ConnectionLost(`${error.message}; ${hint}`, { cause: error });
      throw isPermanent(error) ? markPermanent(lost) : lost;
    }
  };
}

/** The host without the brackets of IPv6. */
function hostOf({ url }: Dialed): string {
  return new URL(url).hostname.replace(/^\[(.*)\]$/, '$1');
}

/** Throws a UsageError for an option of TLS where nothing is encrypted. */
function refusePlain(scheme: string, secured: string | undefined): void {
  if (scheme === 'ws' && secured !== undefined)
    throw new UsageError(`ws: is not encrypted, so "${secured}" has no effect; use wss:`);
}

function refuseOthers(options: object, names: readonly string[], side: string): void {
  for (const name of names) {
    if (name in options) throw new UsageError(`ws: the option "${name}" is for the side that ${side}`);
  }
}

function readObject(name: string, value: unknown): object | undefined {
  if (value === undefined || (typeof value === 'object' && value !== null)) return value;
  throw new UsageError(`ws: the option "${name}" must be an object, not ${JSON.stringify(value)}`);
}
