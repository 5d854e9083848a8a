import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { queues, REFUSED } from '../beyond/queue-engines.js';
import { failure, Log } from '../support/core-waiting.js';
import { Work } from './work.js';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

let used = 0;

describe.each(Object.entries(queues))('flush of a queue over %s', (name, engine) => {
  const { program } = engine;
  const absent = program?.absent === true;
  const works = (title: string, test: () => Promise<void>): void =>
    it.skipIf(absent)(title + (program?.why ?? ''), test);
  beforeAll(() => (absent ? undefined : engine.start()), 60_000);
  afterAll(() => (absent ? undefined : engine.end()));

  /** A writer, and a writer of what is not stored. */
  async function ends() {
    const log = new Log();
    const queue = `flush${++used}`;
    const boss = await Work.invert().connect(engine.address(queue), { logger: log, timeout: 20_000 });
    open.push(boss);
    boss.remote.job({ n: 0 });
    await boss.flush();
    await engine.refuse(queue);
    return { boss, log, refused: boss.to(null, { delivery: { key: REFUSED } }) };
  }
  const text = /^not everything was stored: /;

  works(
    'rejects for each of several at a time, whether something has failed before or after they are called',
    async () => {
      const { boss, refused } = await ends();
      refused.job({ n: 1 });
      const errors = await Promise.all([failure(boss.flush()), failure(boss.flush()), failure(boss.flush())]);
      for (const { message } of errors) expect(message).toMatch(text);
      await boss.flush();
      refused.job({ n: 2 });
      // It may have failed by now.
      for (let n = 0; n < 10; n++) await new Promise((resolve) => setImmediate(resolve));
      const later = await Promise.all([failure(boss.flush()), failure(boss.flush())]);
      for (const { message } of later) expect(message).toMatch(text);
      boss.remote.job({ n: 3 });
      await boss.flush();
    },
  );

  if (name !== 'nats')
    works('rejects if a request was not stored, whose caller hears it too', async () => {
      const { boss, log, refused } = await ends();
      const asked = failure(refused.add({ a: 1, b: 2 }));
      expect((await failure(boss.flush())).message).toMatch(text);
      expect((await asked).message).toContain('has not stored what was written');
      await boss.flush();
      await boss.close();
      expect(log.errors).toEqual([]);
    });

  works('is not needed to hear of a loss: it is logged, at the latest when the side is closed', async () => {
    const { boss, log, refused } = await ends();
    refused.job({ n: 1 });
    await boss.close();
    expect(log.errors.map((told) => told.map(String).join(' '))).toEqual([
      expect.stringMatching(/^(obverse: )?\S+: a notification is lost: /),
    ]);
  });

  works('that has reported a loss keeps it from being logged', async () => {
    const { boss, log, refused } = await ends();
    refused.job({ n: 1 });
    const flushed = failure(boss.flush());
    expect((await flushed).message).toMatch(text);
    await boss.close();
    expect(log.errors).toEqual([]);
  });
});
