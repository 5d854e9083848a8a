import { setImmediate as tick } from 'node:timers/promises';
import type { Adapter } from '../contestant.js';
import { answerParent, cpuMicros } from './parent.js';

// The process of a server: `node server.js <adapter module>`.
answerParent({
  /** Returns the address to connect to; undefined if the contestant has no server. */
  async serve(): Promise<string | undefined> {
    const { default: adapter } = (await import(process.argv[2] as string)) as { default: Adapter };
    return adapter.serve?.();
  },
  cpu: () => cpuMicros(),
  async memory(): Promise<number> {
    // Several turns, because finalizers that run after a collection often release more.
    for (let turn = 0; turn < 5; turn++) {
      globalThis.gc?.();
      await tick();
    }
    return process.memoryUsage.rss();
  },
});
