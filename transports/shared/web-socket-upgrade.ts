import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { UsageError } from '../../src/contract/errors.js';

/** Takes a request for an upgrade on its path. */
export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** The paths that are served on one HTTP server. */
interface Hub {
  readonly paths: Map<string, Upgrade>;
  readonly listener: Upgrade;
}

const hubs = new WeakMap<Server, Hub>();

/**
 * Takes the upgrades of one path of an HTTP server; all other requests are left to others. Returns what gives the path
 * back. Throws a UsageError if the path is taken.
 */
export function takeUpgrades(server: Server, path: string, upgrade: Upgrade): () => void {
  const hub = hubs.get(server) ?? install(server);
  if (hub.paths.has(path)) {
    throw new UsageError(`ws: the path ${path} of this server is taken by another transport; take another path`);
  }
  hub.paths.set(path, upgrade);
  return () => {
    hub.paths.delete(path);
    if (hub.paths.size > 0) return;
    server.off('upgrade', hub.listener);
    hubs.delete(server);
  };
}

/** Answers a request for an upgrade by a status and a text for people, and ends its connection. */
export function refuse(socket: Duplex, status: number, text: string): void {
  socket.on('error', () => {}).once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
}

function install(server: Server): Hub {
  const paths = new Map<string, Upgrade>();
  const listener: Upgrade = (request, socket, head) => {
    const upgrade = paths.get(request.url?.replace(/\?.*$/s, '') ?? '');
    if (upgrade !== undefined) upgrade(request, socket, head);
    // Where nobody else listens, nobody else will answer.
    else if (server.listenerCount('upgrade') === 1) refuse(socket, 404, 'nothing takes WebSockets at this path');
  };
  server.on('upgrade', listener);
  const hub = { paths, listener };
  hubs.set(server, hub);
  return hub;
}
