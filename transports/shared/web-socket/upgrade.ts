import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { UsageError } from '../../../src/contract/errors.js';

/** Handles an upgrade request on its path. */
export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** What is answered to an upgrade that comes when its transport lets nobody in any more. */
export const RETIRED = 'this server is being closed: connect again';

/** The served paths of one HTTP server. */
interface Hub {
  readonly paths: Map<string, Upgrade>;
  readonly listener: Upgrade;
}

const hubs = new WeakMap<Server, Hub>();

/** A path of an HTTP server that is in use. */
export interface TakenPath {
  /** Refuses all upgrades from now on; another transport may use the path. */
  retire(): void;
  /** Leaves the path to others. */
  release(): void;
}

/** Handles the upgrades of a path whose transport lets nobody in any more. */
const refuseAll: Upgrade = (_request, socket) => refuse(socket, 503, RETIRED);

/**
 * Handles the upgrades of one path of an HTTP server; all other requests are left to others. Throws a UsageError if the path is taken.
 */
export function takeUpgrades(server: Server, path: string, upgrade: Upgrade): TakenPath {
  const hub = hubs.get(server) ?? install(server);
  const { paths } = hub;
  if ((paths.get(path) ?? refuseAll) !== refuseAll) {
    throw new UsageError(`ws: the path ${path} of this server is used by another transport; use another path`);
  }
  paths.set(path, upgrade);
  let taken = upgrade;
  return {
    retire() {
      if (paths.get(path) === upgrade) paths.set(path, refuseAll);
      taken = refuseAll;
    },
    release() {
      // Another transport may have it now.
      if (paths.get(path) === taken) paths.delete(path);
      if (paths.size > 0) return;
      server.off('upgrade', hub.listener);
      hubs.delete(server);
    },
  };
}

/** Answers an upgrade request with a status and a text for people, and ends its connection. */
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
    // Without other listeners, nobody else will answer.
    else if (server.listenerCount('upgrade') === 1) refuse(socket, 404, 'nothing accepts WebSockets at this path');
  };
  server.on('upgrade', listener);
  const hub = { paths, listener };
  hubs.set(server, hub);
  return hub;
}

/** What a server that accepts WebSockets only answers to any other request. */
export function answerPlain(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(426, { Connection: 'close', Upgrade: 'websocket', 'Content-Type': 'text/plain; charset=utf-8' });
  response.end('this server accepts WebSocket only\n');
}
