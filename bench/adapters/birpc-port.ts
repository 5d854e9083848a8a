import { Worker } from 'node:worker_threads';
import { createBirpc } from 'birpc';
import type { Adapter, Service } from '../contestant.js';

type Functions = Pick<Service, 'add' | 'note' | 'counted' | 'bytes'>;

export default {
  async connect() {
    const worker = new Worker(new URL('./birpc-port.worker.js', import.meta.url));
    const peer = createBirpc<Functions>(
      {},
      { post: (data) => worker.postMessage(data), on: (give) => void worker.on('message', give) },
    );
    return {
      add: (a, b) => peer.add(a, b),
      note: (n) => void peer.note.asEvent(n),
      counted: () => peer.counted(),
      bytes: (value) => peer.bytes(value),
      close: async () => void (await worker.terminate()),
    };
  },
} satisfies Adapter;
