import { createBirpc } from 'birpc';
import { type Adapter, Service } from '../contestant.js';
import { dialWs, listenWs } from './shared/ws.js';

interface Functions {
  add(a: number, b: number): number;
  note(n: number): void;
  counted(): number;
  echo(value: unknown): unknown;
}

export default {
  serve() {
    const service = new Service();
    const functions: Functions = {
      add: (a, b) => service.add(a, b),
      note: (n) => service.note(n),
      counted: () => service.counted(),
      echo: (value) => service.echo(value),
    };
    return listenWs((socket) => {
      createBirpc<Record<string, never>, Functions>(functions, {
        post: (data) => socket.send(data),
        on: (give) => void socket.on('message', give),
        serialize: JSON.stringify,
        deserialize: (data) => JSON.parse(String(data)),
      });
    });
  },
  async connect(address) {
    const socket = await dialWs(address);
    const peer = createBirpc<Functions>(
      {},
      {
        post: (data) => socket.send(data),
        on: (give) => void socket.on('message', give),
        serialize: JSON.stringify,
        deserialize: (data) => JSON.parse(String(data)),
      },
    );
    return {
      add: (a, b) => peer.add(a, b),
      note: (n) => void peer.note.asEvent(n),
      counted: () => peer.counted(),
      echo: (value) => peer.echo(value),
      close: () => socket.close(),
    };
  },
} satisfies Adapter;
