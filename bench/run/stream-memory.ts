import { setImmediate as tick } from 'node:timers/promises';

/** The memory of a process after a garbage collection, in bytes: what is reachable, and the resident memory. */
export async function memory(): Promise<{ held: number; resident: number }> {
  for (let turn = 0; turn < 5; turn++) {
    globalThis.gc?.();
    await tick();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { held: heapUsed + external, resident: rss };
}
