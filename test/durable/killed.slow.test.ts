import { describe, expect, it } from 'vitest';
import { engines } from './engines.js';
import { kill } from './killing.js';

describe.each(Object.entries(engines))('a queue over %s whose processes are killed', (name, make) => {
  const { program } = make();
  it.skipIf(program?.absent)(
    `loses nothing, in 50 kills of workers, 5 of the producer and 3 restarts of the server${program?.why ?? ''}`,
    { timeout: 900_000 },
    async () => {
      const engine = make();
      await engine.start();
      try {
        const plan = { jobs: 10_000, kills: 50, producers: 5, restarts: 3, inFlight: 8 };
        const { lost, doubles, dead, pending } = await kill(engine, plan);
        process.stderr.write(`${name}: ${doubles} of 10,000 jobs were done twice; at most ${50 * 8} may be\n`);
        expect(lost).toEqual([]);
        expect(doubles).toBeLessThanOrEqual(50 * 8);
        expect(dead).toEqual(Array.from({ length: 100 }, (_each, n) => n * 100 + 99));
        expect(pending).toBe(0);
      } finally {
        await engine.end();
      }
    },
  );
});
