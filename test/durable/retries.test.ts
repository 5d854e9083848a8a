import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/core-waiting.js';
import { engines } from './engines.js';
import { Work } from './work.js';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

describe.each(Object.entries(engines))('a task of a queue over %s', (_name, make) => {
  const engine = make();
  const { program, lacks } = engine;
  const isAbsent = program?.absent === true || lacks.includes('rows');
  beforeAll(() => (isAbsent ? undefined : engine.start()), 60_000);
  afterAll(() => (isAbsent ? undefined : engine.end()));

  it.skipIf(isAbsent)(
    `is tried again after its backoff, although nothing is reported and nobody looks by then${program?.why ?? ''}`,
    async () => {
      const at = engine.address('retries');
      const boss = await Work.invert().connect(at, { logger: null, timeout: 20_000 });
      open.push(boss);
      const attempts: number[] = [];
      const side = await Work.serve(`${at}&backoff=50&poll=3600000&lease=600000`, { logger: null });
      open.push(side);
      side.job.connect((sender) => {
        attempts.push(sender.peer.info.attempt as number);
        if (attempts.length < 4) throw new Error('not yet');
      });
      boss.remote.job({ n: 1 });
      await until(() => attempts.length === 4);
      expect(attempts).toEqual([1, 2, 3, 4]);
    },
  );
});
