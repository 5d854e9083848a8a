import { describe, expect, it } from 'vitest';
import { Scheduler } from './scheduler.js';
import { SideWorld } from './side-world.js';

describe('sides under the scheduler of the model', () => {
  it('settle each call once, run none twice, and keep nothing, however their links are cut', async () => {
    const stats = new Map<string, number>();
    for (let seed = 1; seed <= 60; seed++) {
      const world = await new SideWorld({ seed, isMild: false }, stats).start();
      const scheduler = new Scheduler(world.random);
      try {
        await scheduler.runSettled(world, 150, world.settled);
      } catch (error) {
        throw new Error(`seed ${seed}, step ${scheduler.steps}: ${(error as Error).message}`, { cause: error });
      } finally {
        await world.end();
      }
    }
    for (const what of ['settled: ok', 'settled: timeout', 'settled: lost, maybe true', 'settled: lost, maybe false']) {
      expect(stats.get(what), what).toBeGreaterThan(20);
    }
  });
});
