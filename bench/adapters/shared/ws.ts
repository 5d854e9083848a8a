import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

/** Listens on a free port of the loopback; returns the address for `dialWs`. */
export function listenWs(accept: (socket: WebSocket) => void): Promise<string> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', accept);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => resolve(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

/** Resolves with an open socket. */
export function dialWs(address: string): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(address);
    socket.once('error', reject);
    socket.once('open', () => resolve(socket));
  });
}
