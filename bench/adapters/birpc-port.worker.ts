import { parentPort } from 'node:worker_threads';
import { createBirpc } from 'birpc';
import { Service } from '../contestant.js';

const port = parentPort!;
const service = new Service();
createBirpc(
  {
    add: (a: number, b: number) => service.add(a, b),
    note: (n: number) => service.note(n),
    counted: () => service.counted(),
    bytes: (value: Uint8Array) => service.bytes(value),
  },
  { post: (data) => port.postMessage(data), on: (give) => void port.on('message', give) },
);
