import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startChild } from '../support/stream-children.js';
import { Jobs } from '../support/stream-jobs.js';
import { engines } from './engines.js';
import { kill } from './killing.js';

describe.each(Object.entries(engines))('a queue over %s whose processes are killed', (_name, make) => {
  const { program } = make();
  const works = (title: string, test: (engine: ReturnType<typeof make>) => Promise<void>) =>
    it.skipIf(program?.absent)(title + (program?.why ?? ''), { timeout: 180_000 }, async () => {
      const engine = make();
      await engine.start();
      try {
        await test(engine);
      } finally {
        await engine.end();
      }
    });

  works('loses nothing, and does no more twice than the killed workers had', async (engine) => {
    const { lost, doubles, dead, pending } = await kill(engine, {
      ...{ jobs: 600, kills: 5, producers: 1, restarts: 1, inFlight: 8 },
    });
    expect(lost).toEqual([]);
    expect(doubles).toBeLessThanOrEqual(5 * 8);
    expect(dead).toEqual([99, 199, 299, 399, 499, 599]);
    expect(pending).toBe(0);
  });

  // Over streams, test/nats/stream-sides tests this: nats-server 2.9 may count an attempt less where nobody else works.
  if (make().lacks.includes('rows')) return;
  works('keeps a task apart that kills its worker in each attempt, and does not give it out again', async (engine) => {
    const folder = mkdtempSync(join(tmpdir(), 'obverse-poison-'));
    const file = join(folder, 'done.txt');
    writeFileSync(file, '');
    const address = engine.address('poison');
    const worker = () => startChild('worker', `${address}&lease=500`, file, '-1');
    const boss = await Jobs.invert().connect(address, { logger: null });
    try {
      boss.to(null, { delivery: { attempts: 2 } }).job({ n: -1 });
      await boss.flush();
      for (let attempt = 1; attempt <= 2; attempt++) {
        const victim = await worker();
        if (victim.signalCode === null) await new Promise((resolve) => victim.once('exit', resolve));
        expect(victim.signalCode).toBe('SIGKILL');
      }
      const survivor = await worker();
      boss.remote.job({ n: 1 });
      await expect.poll(() => engine.dead('poison'), { timeout: 20_000 }).toHaveLength(1);
      await expect.poll(() => readFileSync(file, 'utf8'), { timeout: 20_000 }).toBe('1\n');
      const [{ reason } = {}] = await engine.dead('poison');
      expect(reason).toBe('its worker ended before it was handled, in each of 2 attempts');
      expect([survivor.exitCode, survivor.signalCode]).toEqual([null, null]);
      survivor.kill('SIGKILL');
    } finally {
      await boss.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
