import type { Adapter, Caller } from '../contestant.js';
import { carry, type Load, type Until } from './load.js';
import { answerParent, cpuMicros } from './parent.js';

// The process of a client: `node client.js <adapter module>`.
const callers: Caller[] = [];
const AT_A_TIME = 50;

answerParent({
  /** Opens this many more connections; each makes one call. */
  async connect({ address, times }: { address: string; times: number }): Promise<void> {
    const { default: adapter } = (await import(process.argv[2] as string)) as { default: Adapter };
    for (let made = 0; made < times; made += AT_A_TIME) {
      const some = Array.from({ length: Math.min(AT_A_TIME, times - made) }, () => adapter.connect(address));
      const connected = await Promise.all(some);
      for (const sum of await Promise.all(connected.map((caller) => caller.add(2, 3)))) {
        if (sum !== 5) throw new Error(`add(2, 3) was answered ${String(sum)}`);
      }
      callers.push(...connected);
    }
  },
  async carry({ load, until }: { load: Load; until: Until }): Promise<{ count: number; ms: number; cpu: number }> {
    const caller = callers[0];
    if (caller === undefined) throw new Error('not connected');
    const before = cpuMicros();
    const carried = await carry(caller, load, until);
    return { ...carried, cpu: cpuMicros() - before };
  },
  async close(): Promise<void> {
    await Promise.all(callers.splice(0).map((caller) => caller.close()));
  },
});
