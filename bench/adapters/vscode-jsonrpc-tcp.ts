import type { Socket } from 'node:net';
import {
  createMessageConnection,
  type MessageConnection,
  SocketMessageReader,
  SocketMessageWriter,
} from 'vscode-jsonrpc/node';
import { type Adapter, Service } from '../contestant.js';
import { dial, listen } from './shared/ceiling.js';

function connection(socket: Socket): MessageConnection {
  socket.setNoDelay(true);
  return createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
}

export default {
  serve() {
    const service = new Service();
    return listen((socket) => {
      const peer = connection(socket);
      peer.onRequest('add', (a: number, b: number) => service.add(a, b));
      peer.onRequest('counted', () => service.counted());
      peer.onNotification('note', (n: number) => service.note(n));
      peer.listen();
    });
  },
  async connect(address) {
    const peer = connection(await dial(address));
    peer.listen();
    return {
      add: (a, b) => peer.sendRequest<number>('add', a, b),
      note: (n) => void peer.sendNotification('note', n),
      counted: () => peer.sendRequest<number>('counted'),
      close: () => peer.end(),
    };
  },
} satisfies Adapter;
