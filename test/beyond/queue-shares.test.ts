import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/core-waiting.js';
import { Queue } from './queue-ends.js';
import { queues } from './queue-engines.js';

const WORKERS = 4;
const TASKS = 4_000;
const TASK_MS = 20;

/* Only counts: all four are in one process, so that what else runs on this machine slows down all of them alike. */
describe.each(Object.entries(queues))('a queue over %s', (_name, engine) => {
  const { program } = engine;
  beforeAll(() => (program?.absent === true ? undefined : engine.start()), 60_000);
  afterAll(() => (program?.absent === true ? undefined : engine.end()));

  it.skipIf(program?.absent)(
    `gives each of four workers a quarter of 4,000 tasks, within 10 percent${program?.why ?? ''}`,
    async () => {
      await using queue = new Queue(engine, '');
      const boss = await queue.boss();
      const done = new Map<number, number>();
      const counts = Array.from({ length: WORKERS }, () => 0);
      for (let at = 0; at < WORKERS; at++)
        await queue.worker((side) =>
          side.job.connect(async (_sender, { n }) => {
            await sleep(TASK_MS);
            counts[at]!++;
            done.set(n, (done.get(n) ?? 0) + 1);
          }),
        );
      for (let n = 0; n < TASKS; n++) boss.remote.job({ n });
      await boss.flush();
      await until(() => done.size === TASKS);
      for (const count of counts) expect(Math.abs(count - TASKS / WORKERS)).toBeLessThanOrEqual(TASKS / WORKERS / 10);
      expect(counts.reduce((sum, each) => sum + each)).toBe(TASKS);
    },
    60_000,
  );
});
