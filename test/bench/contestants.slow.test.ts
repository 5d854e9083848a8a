import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contestants, groups, loads } from '../../bench/contestants.js';
import { benchFolder, compile } from '../../bench/run/compile.js';
import { Pair } from '../../bench/run/pair.js';

/** How much of each load is run. */
const counts = { calls: 2_000, notes: 2_000, bytes: 3, object: 100, text: 3 };

let folder = '';

beforeAll(async () => {
  // A folder for this run only: two runs may take place at the same time.
  folder = await compile('sources', path.join(benchFolder, `.compiled-for-tests-${process.pid}`));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(contestants)('the contestant $name', (contestant) => {
  const names = [...new Set(groups.flatMap((group) => contestant.groups[group] ?? []))];

  // The loads check every answer, and that every notification has arrived.
  it('runs its loads', async () => {
    const pair = await Pair.start(contestant.name, { folder });
    try {
      for (const name of names) {
        const { rate } = await pair.carry(loads[name].load, { count: counts[loads[name].load.kind] });
        expect(rate).toBeGreaterThan(0);
      }
    } finally {
      await pair.stop();
    }
  });
});

describe('a pair of client and server', () => {
  it('connects several times and reports the memory of the server', async () => {
    const pair = await Pair.start('array-ceiling', { folder, execArgv: ['--expose-gc'] });
    try {
      await pair.connect(60);
      expect(await pair.memory()).toBeGreaterThan(1_000_000);
    } finally {
      await pair.stop();
    }
  });

  it('names the reason if a contestant cannot start', async () => {
    await expect(Pair.start('nobody', { folder })).rejects.toThrow(/nobody server: .*Cannot find module/);
  });
});
