import { setImmediate as tick } from 'node:timers/promises';

/** What a process holds after a collection, in bytes: what is reachable, and what the system has given it. */
export async function memory(): Promise<{ held: number; resident: number }> {
  for (let turn = 0; turn < 5; turn++) {
    globalThis.gc?.();
    await tick();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { held: heapUsed + external, resident: rss };
}
