import { Worker } from 'node:worker_threads';
import { wrap } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import type { Adapter, Service } from '../contestant.js';

export default {
  async connect() {
    const worker = new Worker(new URL('./comlink-port.worker.js', import.meta.url));
    const peer = wrap<Pick<Service, 'add' | 'counted' | 'bytes'>>(nodeEndpoint(worker));
    return {
      add: (a, b) => peer.add(a, b),
      counted: () => peer.counted(),
      bytes: (value) => peer.bytes(value),
      close: async () => void (await worker.terminate()),
    };
  },
} satisfies Adapter;
