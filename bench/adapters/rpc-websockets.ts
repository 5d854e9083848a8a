import type { AddressInfo } from 'node:net';
import { Client, Server } from 'rpc-websockets';
import { type Adapter, Service } from '../contestant.js';

export default {
  async serve() {
    const service = new Service();
    const server = new Server({ host: '127.0.0.1', port: 0 });
    server.register('add', (params) => service.add(params[0], params[1]));
    server.register('note', (params) => service.note(params[0]));
    server.register('counted', () => service.counted());
    await new Promise<void>((resolve) => void server.once('listening', resolve));
    return `ws://127.0.0.1:${(server.wss.address() as AddressInfo).port}`;
  },
  async connect(address) {
    const client = new Client(address, { reconnect: false });
    await new Promise<void>((resolve) => void client.once('open', resolve));
    return {
      add: (a, b) => client.call('add', [a, b]) as Promise<number>,
      note: (n) => void client.notify('note', [n]),
      counted: () => client.call('counted', []) as Promise<number>,
      close: () => client.close(),
    };
  },
} satisfies Adapter;
