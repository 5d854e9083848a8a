import { JSONRPCClient, JSONRPCServer } from 'json-rpc-2.0';
import { type Adapter, Service } from '../contestant.js';
import { dialWs, listenWs } from './shared/ws.js';

export default {
  serve() {
    const service = new Service();
    const server = new JSONRPCServer();
    server.addMethod('add', ([a, b]: [number, number]) => service.add(a, b));
    server.addMethod('note', ([n]: [number]) => service.note(n));
    server.addMethod('counted', () => service.counted());
    return listenWs((socket) => {
      socket.on('message', async (data) => {
        const answer = await server.receiveJSON(String(data));
        if (answer !== null) socket.send(JSON.stringify(answer));
      });
    });
  },
  async connect(address) {
    const socket = await dialWs(address);
    const client = new JSONRPCClient((message) => socket.send(JSON.stringify(message)));
    socket.on('message', (data) => client.receive(JSON.parse(String(data))));
    return {
      add: (a, b) => client.request('add', [a, b]) as Promise<number>,
      note: (n) => client.notify('note', [n]),
      counted: () => client.request('counted', []) as Promise<number>,
      close: () => socket.close(),
    };
  },
} satisfies Adapter;
