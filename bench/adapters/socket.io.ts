import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import { type Adapter, Service } from '../contestant.js';

interface Events {
  add(a: number, b: number, answer: (sum: number) => void): void;
  note(n: number): void;
  counted(answer: (sum: number) => void): void;
}

export default {
  async serve() {
    const service = new Service();
    const http = createServer();
    const server = new Server<Events>(http, { transports: ['websocket'], serveClient: false });
    server.on('connection', (socket) => {
      socket.on('add', (a, b, answer) => answer(service.add(a, b)));
      socket.on('note', (n) => service.note(n));
      socket.on('counted', (answer) => answer(service.counted()));
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  },
  async connect(address) {
    const socket = io(address, { transports: ['websocket'], forceNew: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
    return {
      add: (a, b) => socket.emitWithAck('add', a, b),
      note: (n) => void socket.emit('note', n),
      counted: () => socket.emitWithAck('counted'),
      close: () => void socket.disconnect(),
    };
  },
} satisfies Adapter;
