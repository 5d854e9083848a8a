import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Code, RpcError, type Side, UsageError } from '../../src/index.js';
import { until } from '../support/core-waiting.js';
import { type DurableEngine, engines, type Feature } from './engines.js';
import { Work } from './work.js';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

const SOON = '&backoff=20&lease=1000';
let used = 0;

async function writer(address: string) {
  const side = await Work.invert().connect(address, { logger: null, timeout: 20_000 });
  open.push(side);
  return side;
}

async function worker(address: string, work?: (side: Side<Work>) => void) {
  const side = await Work.serve(address + SOON, { logger: null });
  open.push(side);
  work?.(side);
  return side;
}

/** What uses a feature, and what the refusal of an engine without it says. */
const uses: Readonly<Partial<Record<Feature, readonly [says: string, use: (address: string) => Promise<unknown>]>>> = {
  requests: ['carries only notifications', async (at) => (await writer(at)).remote.other()],
  delay: ['"delay"', async (at) => (await writer(at)).to(null, { delivery: { delay: 5 } }).job({ n: 1 })],
  priority: ['"priority"', async (at) => (await writer(at)).to(null, { delivery: { priority: 1 } }).job({ n: 1 })],
  readers: ['"reader"', (at) => worker(`${at}&reader=audit`)],
};

describe.each(Object.entries(engines))('a queue over %s', (_name, make) => {
  const engine: DurableEngine = make();
  const { program, lacks } = engine;
  const absent = program?.absent === true;
  beforeAll(() => (absent ? undefined : engine.start()), 60_000);
  afterAll(() => (absent ? undefined : engine.end()));
  /** A test of what all engines have, besides some features. */
  const works = (title: string, test: () => Promise<void>, ...needs: readonly Feature[]): void => {
    const missing = needs.filter((feature) => lacks.includes(feature));
    const why = missing.length > 0 ? ` (n/a: no ${missing.join(', ')})` : (program?.why ?? '');
    it.skipIf(absent || missing.length > 0)(title + why, test);
  };
  const fresh = (): string => engine.address(`q${++used}`);
  const queue = (): string => `q${used}`;
  const where = (): string => `queue = '${queue()}'`;

  for (const feature of lacks) {
    const [says = '', use] = uses[feature] ?? [];
    if (use === undefined) continue;
    works(`refuses ${feature}, which it does not have`, async () => {
      const error = await use(fresh()).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(UsageError);
      expect(String(error)).toContain(says);
    });
  }

  works('does what was written before anybody worked, in its order', async () => {
    const at = fresh();
    const boss = await writer(at);
    for (let n = 1; n <= 20; n++) boss.remote.job({ n });
    await boss.close();
    const done: number[] = [];
    await worker(`${at}&inFlight=1`, (side) => side.job.connect((_sender, { n }) => void done.push(n)));
    await until(() => done.length === 20);
    expect(done).toEqual(Array.from({ length: 20 }, (_each, n) => n + 1));
    await expect.poll(() => engine.pending(queue())).toBe(0);
  });

  works('does each task once, by one of several workers', async () => {
    const at = fresh();
    const boss = await writer(at);
    const done: number[] = [];
    for (let n = 0; n < 4; n++) await worker(at, (side) => side.job.connect((_sender, { n }) => void done.push(n)));
    for (let n = 0; n < 200; n++) {
      boss.remote.job({ n });
      if (n % 20 === 0) await boss.flush();
    }
    await until(() => done.length >= 200);
    await expect.poll(() => engine.pending(queue())).toBe(0);
    expect(done.sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_each, n) => n));
  });

  works('stores a task with a key once, whoever writes it', async () => {
    const at = fresh();
    const [one, two] = [await writer(at), await writer(at)];
    const delivery = { key: 'order-7' };
    one.to(null, { delivery }).job({ n: 1 });
    await one.flush();
    two.to(null, { delivery }).job({ n: 2 });
    one.to(null, { delivery }).job({ n: 3 });
    two.remote.job({ n: 4 });
    await Promise.all([one.flush(), two.flush()]);
    const done: number[] = [];
    await worker(at, (side) => side.job.connect((_sender, { n }) => void done.push(n)));
    await until(() => done.includes(4));
    await expect.poll(() => engine.pending(queue())).toBe(0);
    expect(done).toEqual([1, 4]);
  });

  works('tries a task again that has failed, and keeps it apart after its attempts, with the reason', async () => {
    const at = fresh();
    const boss = await writer(at);
    const attempts: (readonly [n: number, attempt: unknown])[] = [];
    await worker(`${at}&attempts=2`, (side) =>
      side.job.connect((sender, { n }) => {
        const { attempt } = sender.peer.info;
        attempts.push([n, attempt]);
        if (n === 0) throw new RpcError('does not fit', Code.InvalidParams);
        if (n === 1 || attempt === 1) throw new Error(`no luck with ${n}`);
      }),
    );
    for (let n = 0; n < 3; n++) boss.to(null, n === 1 ? { delivery: { attempts: 3 } } : {}).job({ n });
    await until(() => attempts.length === 6);
    await expect.poll(() => engine.pending(queue())).toBe(0);
    expect(attempts.sort()).toEqual([[0, 1], [1, 1], [1, 2], [1, 3], [2, 1], [2, 2]]); // biome-ignore format: a table
    const dead = (await engine.dead(queue())).map(({ body, reason }) => [JSON.parse(body).params, reason]);
    expect(dead).toEqual([[{ n: 0 }, 'does not fit'], [{ n: 1 }, 'no luck with 1']]); // biome-ignore format: a table
  });

  works('gives what a closed side had at work to another one, before its lease is over', async () => {
    const at = fresh();
    const boss = await writer(at);
    boss.remote.job({ n: 1 });
    let begun = 0;
    const patient = async (): Promise<Side<Work>> => {
      const side = await Work.serve(`${at}&lease=600000&backoff=600000`, { logger: null });
      open.push(side);
      side.job.connect(async () => {
        begun++;
        await new Promise(() => {});
      });
      return side;
    };
    const first = await patient();
    await until(() => begun === 1);
    await first.close();
    await patient();
    await until(() => begun === 2);
  });

  works(
    'answers a request that was made before anybody works',
    async () => {
      const at = fresh();
      const boss = await writer(at);
      const sum = boss.remote.add({ a: 2, b: 40 });
      await boss.flush();
      await worker(at, (side) => side.add.connect((_sender, { a, b }) => a + b));
      expect(await sum).toBe(42);
      expect(boss.pendingCalls()).toEqual([]);
    },
    'requests',
  );

  works('carries metadata, and says in peer.info which task it is', async () => {
    const at = fresh();
    const seen: unknown[] = [];
    await worker(at, (side) =>
      side.job.connect(({ peer, metadata }) => {
        seen.push({ ...peer.info, ...metadata });
      }),
    );
    const boss = await writer(at);
    boss.to(null, { metadata: { trace: 7 }, delivery: { key: 'k' } }).job({ n: 1 });
    await until(() => seen.length === 1);
    const where = lacks.includes('rows')
      ? { subject: `jobs.${queue()}`, sequence: 1 }
      : { queue: queue(), task: expect.any(Number) };
    expect(seen).toEqual([{ ...where, attempt: 1, key: 'k', stored: expect.any(Date), trace: 7 }]);
  });

  works(
    'carries out a request with a key once, and answers it later, in another process too',
    async () => {
      const at = fresh();
      let count = 0;
      const side = await worker(at, (side) =>
        side.add.connect((_sender, { a, b }) => {
          count++;
          return a + b;
        }),
      );
      const boss = await writer(at);
      const delivery = { key: 'sum' };
      const both = await Promise.all([
        boss.to(null, { delivery }).add({ a: 1, b: 2 }),
        boss.to(null, { delivery }).add({ a: 100, b: 200 }),
      ]);
      await side.close();
      const later = await writer(at);
      expect([...both, await later.to(null, { delivery }).add({ a: 5, b: 5 }), count]).toEqual([3, 3, 3, 1]);
      await expect(later.to(null, { delivery }).other()).rejects.toThrow(
        'the key "sum" belongs to a call of add, task',
      );
    },
    'requests',
  );

  works(
    'answers at once with an RpcError of the handler, and after the last attempt with any other error',
    async () => {
      const at = fresh();
      const attempts: string[] = [];
      await worker(at, (side) => {
        side.add.connect(() => {
          attempts.push('add');
          throw new RpcError('not today', 4_000, { day: 1 });
        });
        side.other.connect(() => {
          attempts.push('other');
          throw new Error('no luck');
        });
      });
      const boss = await writer(at);
      await expect(boss.remote.add({ a: 1, b: 1 })).rejects.toMatchObject({ code: 4_000, data: { day: 1 } });
      await expect(boss.to(null, { delivery: { attempts: 2 } }).other()).rejects.toBeInstanceOf(RpcError);
      expect(attempts).toEqual(['add', 'other', 'other']);
      const dead = await engine.sql(`SELECT method, error FROM obverse_tasks WHERE ${where()} AND state = 'dead'`);
      expect(dead).toEqual([{ method: 'other', error: 'no luck' }]);
    },
    'requests',
  );

  works(
    'works on a dead task again that SQL has put back',
    async () => {
      const at = fresh();
      const done: number[] = [];
      let isWell = false;
      await worker(at, (side) =>
        side.job.connect((_sender, { n }) => {
          if (!isWell) throw new RpcError('does not fit', Code.InvalidParams);
          done.push(n);
        }),
      );
      const boss = await writer(at);
      boss.remote.job({ n: 7 });
      const count = async () =>
        Number((await engine.sql(`SELECT count(*) AS n FROM obverse_tasks WHERE ${where()} AND state = 'dead'`))[0]?.n);
      while ((await count()) === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      isWell = true;
      await engine.sql(
        `UPDATE obverse_tasks SET state = 'waiting', attempt = 0, error = NULL, answer = NULL, ended = NULL WHERE ${where()} AND state = 'dead'`,
      );
      await until(() => done.length === 1);
      expect(done).toEqual([7]);
    },
    'rows',
  );

  works(
    'counts what waits, what is at work and what is dead',
    async () => {
      const at = fresh();
      const boss = await writer(at);
      for (let n = 0; n < 3; n++) boss.remote.job({ n });
      boss.to(null, { delivery: { delay: 60_000 } }).job({ n: 3 });
      await boss.flush();
      expect(await boss.queueStats()).toEqual({ waiting: 4, taken: 0, dead: 0, oldest: expect.any(Number) });
      let begun = 0;
      await worker(`${at}&inFlight=2`, (side) =>
        side.job.connect(async (_sender, { n }) => {
          begun++;
          if (n === 0) throw new RpcError('does not fit', Code.InvalidParams);
          await new Promise(() => {});
        }),
      );
      await until(() => begun === 3);
      await expect.poll(() => boss.queueStats()).toMatchObject({ waiting: 1, taken: 2, dead: 1, oldest: 0 });
    },
    'delay',
  );

  works(
    'begins tasks by their priority, then in their order',
    async () => {
      const at = fresh();
      const boss = await writer(at);
      for (const [n, priority] of [0, 0, 5, -1, 5].entries()) boss.to(null, { delivery: { priority } }).job({ n });
      await boss.flush();
      const begun: number[] = [];
      await worker(`${at}&inFlight=1`, (side) => side.job.connect((_sender, { n }) => void begun.push(n)));
      await until(() => begun.length === 5);
      expect(begun).toEqual([2, 4, 0, 1, 3]);
    },
    'priority',
  );

  works(
    'gives back at once what a closed side had at work, without counting the attempt',
    async () => {
      const at = fresh();
      const boss = await writer(at);
      boss.remote.job({ n: 1 });
      let begun = 0;
      const first = await worker(at, (side) =>
        side.job.connect(async () => {
          begun++;
          await new Promise(() => {});
        }),
      );
      await until(() => begun === 1);
      await first.close();
      const [row] = await engine.sql(`SELECT state, attempt FROM obverse_tasks WHERE ${where()}`);
      expect({ ...row }).toEqual({ state: 'waiting', attempt: 0 });
    },
    'rows',
  );

  works(
    'refuses what the other end cannot do',
    async () => {
      const at = fresh();
      await worker(at, (side) => side.ask.connect(async (sender) => side.name(sender)));
      const boss = await writer(at);
      await expect(boss.to(null, { delivery: { attempts: 1 } }).ask()).rejects.toBeInstanceOf(RpcError);
      const log = await writer(`${at}&readers`);
      await expect((async () => log.remote.ask())()).rejects.toThrow(UsageError);
      expect(() => log.to(null, { delivery: { delay: 5 } }).job({ n: 1 })).toThrow(UsageError);
    },
    'requests',
  );

  works(
    'lets readers read everything in strict order, each from its own place',
    async () => {
      const at = fresh();
      const boss = await writer(`${at}&readers`);
      for (let n = 1; n <= 50; n++) boss.remote.job({ n });
      await boss.flush();
      const heard: Record<string, number[]> = { audit: [], bill: [] };
      let failures = 0;
      const listen = (name: string) =>
        worker(`${at}&reader=${name}`, (side) =>
          side.job.connect((_sender, { n }) => {
            if (n === 20 && failures++ < 2) throw new Error('not yet');
            heard[name]?.push(n);
          }),
        );
      const audit = await listen('audit');
      await until(() => heard.audit?.length === 50);
      await audit.close();
      for (let n = 51; n <= 60; n++) boss.remote.job({ n });
      await Promise.all([listen('audit'), listen('bill'), listen('bill')]);
      await until(() => heard.audit?.length === 60 && heard.bill?.length === 60);
      const all = Array.from({ length: 60 }, (_each, n) => n + 1);
      expect(heard).toEqual({ audit: all, bill: all });
      expect(failures).toBeGreaterThanOrEqual(3);
    },
    'readers',
  );

  works(
    'lets a reader leave a task behind that fails in each attempt, and begin where it is told',
    async () => {
      const at = fresh();
      const boss = await writer(`${at}&readers`);
      for (let n = 1; n <= 3; n++) boss.remote.job({ n });
      await boss.flush();
      const heard: number[] = [];
      await worker(`${at}&reader=audit&attempts=2`, (side) =>
        side.job.connect((_sender, { n }) => {
          if (n === 2) throw new Error('never');
          heard.push(n);
        }),
      );
      await until(() => heard.length === 2);
      expect(heard).toEqual([1, 3]);
      const unread = await engine.sql(`SELECT reader, error FROM obverse_unread WHERE ${where()}`);
      expect(unread.map((row) => ({ ...row }))).toEqual([{ reader: 'audit', error: 'never' }]);
      const late: number[] = [];
      await worker(`${at}&reader=late&from=new`, (side) => side.job.connect((_sender, { n }) => void late.push(n)));
      while (Number((await engine.sql(`SELECT count(*) AS n FROM obverse_readers WHERE ${where()}`))[0]?.n) < 2)
        await new Promise((resolve) => setTimeout(resolve, 10));
      boss.remote.job({ n: 4 });
      await until(() => late.length === 1);
      expect(late).toEqual([4]);
    },
    'readers',
  );

  works(
    'removes a task with its key and its answer when it has ended so long ago',
    async () => {
      const at = fresh();
      const boss = await writer(`${at}&keep=1000`);
      await worker(at, (side) => side.other.connect(() => 1));
      expect(await boss.to(null, { delivery: { key: 'k' } }).other()).toBe(1);
      const [row] = await engine.sql(`SELECT expires IS NOT NULL AS ends FROM obverse_tasks WHERE ${where()}`);
      expect(Boolean(row?.ends)).toBe(true);
    },
    'rows',
  );
});
