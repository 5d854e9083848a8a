import { Server } from 'node:http';
import type { ServerOptions } from 'node:https';
import { Server as TlsServer } from 'node:tls';
import type { ClientOptions } from 'ws';
import { hostPort, readOptions } from '../src/contract/address.js';
import type { Address, Transport, TransportFactory, Wire } from '../src/contract/contract.js';
import { UsageError } from '../src/contract/errors.js';
import { PartialFrames } from './shared/partial-frames.js';
import { type Connect, type Dialed, dialed, WebSocketDialer } from './shared/web-socket-dial.js';
import { offers, readProtocols } from './shared/web-socket-hello.js';
import { foreignServer, ownServer } from './shared/web-socket-http.js';
import { WebSocketListener } from './shared/web-socket-listen.js';
import { connectPackage, loadPackage } from './shared/web-socket-package.js';
import { connectStandard, standardWebSocket } from './shared/web-socket-standard.js';
import { readHosts, readOrigins } from './shared/web-socket-visitors.js';

/** The options of both ends; the query of a dialed URL is not read for options. */
const OPTIONS = {
  server: 'any',
  tls: 'any',
  origins: 'any',
  hosts: 'any',
  headers: 'any',
  protocols: 'any',
  keepAlive: 'number',
  client: ['ws', 'native'],
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
 * or `ws:/path`); `tls`, the key and certificate for `wss:`; `origins`, the origins of pages that may connect (by
 * default those of the same host, and with a loopback host those of loopback hosts); `hosts`, the accepted values of
 * `Host` (by default any, but over a loopback address only loopback hosts, unless a proxy has forwarded the request).
 * Both are lists; in a query they are separated by commas.
 *
 * When dialing: `tls` and `headers` for the package `ws`; `client`, either `native` for the WebSocket of the runtime
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
  if (place === null) throw new UsageError(`"${text}" cannot be served; expected a path without query and fragment`);
  const [, authority = '', path = '/'] = place;
  const visitors = { origins: readOrigins(options.origins), hosts: readHosts(options.hosts), ownHost: authority };
  const keepAlive = readKeepAlive(options.keepAlive);
  const plan = { wire, protocols, visitors, keepAlive, path: new URL(path, 'ws://localhost').pathname };
  const tls = readObject('tls', options.tls) as ServerOptions | undefined;
  if (options.server !== undefined) {
    if (tls !== undefined)
      throw new UsageError('ws: the option "tls" cannot be combined with "server"; configure TLS on that server');
    const server = readServer(options.server);
    const secure = scheme === 'wss' || server instanceof TlsServer;
    return new WebSocketListener({ ...plan, server: foreignServer(server, secure, authority) });
  }
  if (scheme === 'ws' && tls !== undefined)
    throw new UsageError('ws: is not encrypted, so "tls" has no effect; use wss:');
  if (scheme === 'wss' && tls === undefined) {
    throw new UsageError('wss: needs a key and a certificate, as in { url: "wss://…", tls: { key, cert } }');
  }
  const { host, port } = hostPort(address);
  return new WebSocketListener({ ...plan, server: ownServer(host, port, tls, wire.limits) });
}

function dialing(address: Address, wire: Wire): Transport {
  const target = dialed(address);
  const options = readOptions(target.own, OPTIONS);
  refuseOthers(options, ['server', 'origins', 'hosts'], 'listens');
  const protocols = readProtocols(options.protocols);
  const tls = readObject('tls', options.tls) as ClientOptions | undefined;
  const headers = readObject('headers', options.headers) as Record<string, string> | undefined;
  const keepAlive = readKeepAlive(options.keepAlive);
  const special = tls !== undefined || headers !== undefined || keepAlive !== undefined;
  if (special && options.client === 'native') {
    throw new UsageError(
      'ws: the WebSocket of the runtime does not support "tls", "headers" and "keepAlive"; set client: "ws"',
    );
  }
  const connect = connecting(special ? 'ws' : options.client, target, { ...tls, ...(headers && { headers }) });
  const partial = new PartialFrames(wire.memory);
  return new WebSocketDialer(target.address, wire, connect, offers(wire, protocols), protocols, keepAlive, partial);
}

function readKeepAlive(ms: number | undefined): number | undefined {
  if (ms === undefined || ms > 0) return ms;
  throw new UsageError(`ws: the option "keepAlive" must be a positive number of milliseconds, not ${ms}`);
}

/** Dials with the implementation that the option names, or with that of the runtime if it has one. */
function connecting(client: 'ws' | 'native' | undefined, target: Dialed, byPackage: ClientOptions): Connect {
  return async (attempt) => {
    const native = client === 'ws' ? undefined : standardWebSocket();
    if (native !== undefined) return connectStandard(native, target)(attempt);
    if (client === 'native') {
      throw new UsageError('ws: this runtime has no WebSocket; set client: "ws" (npm install ws)');
    }
    const library = await loadPackage();
    attempt.signal.throwIfAborted();
    return connectPackage(library, target, byPackage)(attempt);
  };
}

function refuseOthers(options: object, names: readonly string[], side: string): void {
  for (const name of names) {
    if (name in options) throw new UsageError(`ws: the option "${name}" is for the side that ${side}`);
  }
}

function readServer(value: unknown): Server {
  // HTTP and HTTPS servers have the same interface but no common class.
  if (value instanceof Server || value instanceof TlsServer) return value as Server;
  throw new UsageError('ws: the option "server" must be a server of node:http or node:https');
}

function readObject(name: string, value: unknown): object | undefined {
  if (value === undefined || (typeof value === 'object' && value !== null)) return value;
  throw new UsageError(`ws: the option "${name}" must be an object, not ${JSON.stringify(value)}`);
}
