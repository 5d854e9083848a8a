import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import { type Side, UsageError } from '../../src/index.js';
import { wireFor } from '../../src/testing/transport.js';
import type { QueueTransport } from '../../transports/shared/queue/transport.js';
import makeSqlite from '../../transports/sqlite.js';
import { until } from '../support/core-waiting.js';
import { engines } from './engines.js';
import { Work } from './work.js';

/* Somebody who may write to the file or to the database, and does. What he writes must harm no other task. */

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

const message = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('hex');
/** What is no call of a handler. */
const BODIES: Readonly<Record<string, string>> = {
  'bytes that are no text': 'ff00fe01',
  nothing: '',
  'the beginning of a message': message({ jsonrpc: '2.0', method: 'job' }).slice(0, 20),
  null: message(null),
  'an empty batch': message([]),
  'an answer': message({ jsonrpc: '2.0', id: 1, result: 1 }),
  'a hello': message({ jsonrpc: '2.0', method: 'rpc.hello', params: { beat: 1 } }),
  'a cancellation': message({ jsonrpc: '2.0', method: 'rpc.cancel', params: [1] }),
  'a message about the next one': message({ jsonrpc: '2.0', method: 'rpc.about', params: [{ timeout: 1 }] }),
  'a method that is not there': message({ jsonrpc: '2.0', method: 'constructor', params: [] }),
  'a request, although nobody asks': message({ jsonrpc: '2.0', id: 7, method: 'other', params: [] }),
  'a deep value': Buffer.from('['.repeat(100_000)).toString('hex'),
};

describe.each(['sqlite', 'postgres'] as const)('in a database of %s', (name) => {
  const engine = engines[name]();
  const { program } = engine;
  const absent = program?.absent === true;
  const works = (title: string, test: () => Promise<void>): void =>
    it.skipIf(absent)(title + (program?.why ?? ''), test);
  beforeAll(() => (absent ? undefined : engine.start()), 60_000);
  afterAll(() => (absent ? undefined : engine.end()));

  let used = 0;
  const queue = (): string => `h${used}`;
  const at = (query = ''): string => engine.address(queue()) + query;
  const bytes = (hex: string): string => (name === 'sqlite' ? `X'${hex}'` : `decode('${hex}', 'hex')`);
  async function writer(options: Parameters<typeof Work.connect>[1] = {}) {
    used++;
    const side = await Work.invert().connect(at(), { logger: null, timeout: 50_000, ...options });
    open.push(side);
    return side;
  }
  async function worker(done: number[], query = '', options: Parameters<typeof Work.connect>[1] = {}) {
    const side: Side<Work> = await Work.serve(
      at(`&attempts=2&backoff=10${query.includes('lease=') ? '' : '&lease=1000'}${query}`),
      {
        logger: null,
        ...options,
      },
    );
    open.push(side);
    side.job.connect((_sender, { n }) => void done.push(n));
    side.other.connect(() => 1);
    return side;
  }
  /** Rows that nobody works on yet, for an attacker to change. */
  async function rows(boss: Awaited<ReturnType<typeof writer>>, count: number): Promise<number[]> {
    for (let n = 0; n < count; n++) boss.to(null, { delivery: { delay: 3_600_000 } }).job({ n: -1 });
    await boss.flush();
    const found = await engine.sql(`SELECT id FROM obverse_tasks WHERE queue = '${queue()}' ORDER BY id`);
    return found.map(({ id }) => Number(id));
  }
  /** Changes a row; it is to be done now, before all others. */
  const change = (id: number | undefined, set: string) =>
    engine.sql(
      `UPDATE obverse_tasks SET state = 'waiting', ${set.includes('priority') ? set : `priority = 9, ${set}`} WHERE id = ${id}`,
    );
  const states = async () =>
    (await engine.sql(`SELECT state FROM obverse_tasks WHERE queue = '${queue()}' ORDER BY id`)).map(
      ({ state }) => state,
    );

  works('a body that is no call is dead or done, and the tasks behind it are done', async () => {
    const boss = await writer();
    const ids = await rows(boss, Object.keys(BODIES).length);
    for (const [n, body] of Object.values(BODIES).entries()) await change(ids[n], `body = ${bytes(body)}`);
    boss.remote.job({ n: 1 });
    await boss.flush();
    const done: number[] = [];
    // One after the other: each of them must end.
    await worker(done, '&inFlight=1');
    await until(() => done.length === 1);
    await expect.poll(states, { timeout: 10_000 }).not.toContain('taken');
    await expect.poll(() => engine.pending(queue()), { timeout: 10_000 }).toBe(0);
    expect(done).toEqual([1]);
  });

  works('a body that is larger than limits.frameBytes is dead, and is not read', async () => {
    const boss = await writer();
    const ids = await rows(boss, 2);
    if (name === 'sqlite') {
      await change(ids[0], 'body = zeroblob(5000000)');
      // The length of a text ends at the first character 0 for SQLite.
      await change(ids[1], "body = char(0) || replace(hex(zeroblob(2500000)), '0', 'x')");
    } else for (const id of ids) await change(id, "body = convert_to(repeat('x', 5000000), 'UTF8')");
    boss.remote.job({ n: 1 });
    await boss.flush();
    const done: number[] = [];
    await worker(done, '&lease=60000', { limits: { frameBytes: 10_000, bufferedBytes: 100_000 } });
    await until(() => done.length === 1);
    await expect.poll(() => engine.pending(queue())).toBe(0);
    const errors = await engine.sql(
      `SELECT error FROM obverse_tasks WHERE queue = '${queue()}' AND state = 'dead' ORDER BY id`,
    );
    for (const { error } of errors)
      expect(error).toMatch(/^task \d+ has 500000[01] bytes, more than 10000 \(limits.frameBytes\)$/);
    expect(errors).toHaveLength(2);
  });

  works('numbers out of all bounds keep neither a worker nor the other tasks', async () => {
    const boss = await writer();
    const ids = await rows(boss, 6);
    const huge = name === 'sqlite' ? '9223372036854775807' : '2147483646';
    await change(ids[0], `attempt = ${huge}`);
    await change(ids[1], 'attempts = -5');
    await change(ids[2], `priority = ${huge}`);
    await change(
      ids[3],
      name === 'sqlite' ? "stored = 9223372036854775807, attempts = 'often'" : "stored = 'infinity'",
    );
    await change(ids[4], name === 'sqlite' ? 'keep = 9223372036854775807' : 'keep = 9223372036854');
    await engine.sql(
      `UPDATE obverse_tasks SET due = ${name === 'sqlite' ? '9223372036854775807' : "'infinity'"} WHERE id = ${ids[5]}`,
    );
    boss.remote.job({ n: 1 });
    await boss.flush();
    const done: number[] = [];
    const errors: unknown[] = [];
    const logger = { warn: () => {}, error: (...told: unknown[]) => void errors.push(told) };
    await worker(done, '&poll=20', { logger });
    await until(() => done.includes(1));
    await until(() => done.length >= 5);
    boss.remote.job({ n: 2 });
    await until(() => done.includes(2));
    expect(Object.keys(await boss.queueStats())).toEqual(['waiting', 'taken', 'dead', 'oldest']);
    expect(errors).toEqual([]);
  });

  works(
    'a column that nobody knows changes nothing, and a row that is removed while it is at work neither',
    async () => {
      const boss = await writer();
      await engine.sql(`ALTER TABLE obverse_tasks ADD COLUMN note${used} TEXT DEFAULT 'x'`);
      const done: number[] = [];
      const side = await worker(done);
      let end = (): void => {};
      side.add.connect(async ({ peer }) => {
        await engine.sql(`DELETE FROM obverse_tasks WHERE id = ${peer.info.task}`);
        await new Promise<void>((resolve) => {
          end = resolve;
          end();
        });
        return 1;
      });
      await expect(boss.remote.add({ a: 1, b: 1 })).rejects.toThrow(/is not in the queue any more/);
      boss.remote.job({ n: 1 });
      await until(() => done.length === 1);
    },
  );

  works(
    '3,000 tasks whose workers were killed in each attempt are dead, and none of them is begun once more',
    async () => {
      const boss = await writer();
      for (let n = 0; n < 3_000; n++) boss.remote.job({ n });
      await boss.flush();
      const [id, past] =
        name === 'sqlite' ? ["'gone'", '1'] : ["'00000000-0000-0000-0000-000000000000'", "'2000-01-01'"];
      await engine.sql(
        `UPDATE obverse_tasks SET state = 'taken', worker = ${id}, due = ${past}, attempt = 2 WHERE queue = '${queue()}'`,
      );
      boss.remote.job({ n: -1 });
      await boss.flush();
      const done: number[] = [];
      await worker(done);
      await expect.poll(() => engine.pending(queue()), { timeout: 20_000 }).toBe(0);
      expect(done).toEqual([-1]);
      expect(await engine.dead(queue())).toHaveLength(3_000);
    },
  );

  if (name === 'sqlite')
    works(
      'times that are texts and tasks with a number over 2^53 do not make a worker look again and again',
      async () => {
        const boss = await writer();
        const ids = await rows(boss, 3);
        const set = (id: number | undefined, what: string) =>
          engine.sql(`UPDATE obverse_tasks SET ${what} WHERE id = ${id}`);
        await set(ids[0], "due = 'abc', state = 'taken'");
        await set(ids[1], "due = X'00', state = 'delayed'");
        await set(ids[2], `due = 1, id = 9007199254740993`);
        const transport = makeSqlite(parseAddress(at()), wireFor({ listen: true }));
        open.push({ [Symbol.asyncDispose]: () => transport.close() });
        await transport.open(() => ({ receive() {}, drained() {}, closed() {} }));
        const { store, terms } = transport as QueueTransport;
        const { next } = await store.exchange(terms, { verdicts: [], most: 4, bytes: 1_000_000, atWork: () => [] });
        expect(next).toBe(Number.POSITIVE_INFINITY);
        await engine.sql(`DELETE FROM obverse_tasks WHERE queue = '${queue()}'`);
      },
    );

  if (name === 'sqlite')
    works('an answer that is a text with a character 0 has all of its bytes', async () => {
      const boss = await writer({ limits: { frameBytes: 10_000 } });
      const asked = boss.to(null, { delivery: { delay: 3_600_000 } }).other();
      await boss.flush();
      await engine.sql(
        `UPDATE obverse_tasks SET state = 'done', answer = char(0) || replace(hex(zeroblob(20000)), '0', 'x') WHERE queue = '${queue()}'`,
      );
      await expect(asked).rejects.toThrow(/has 40001 bytes, too many for this side/);
    });

  works('a queue whose name has SQL in it is refused', async () => {
    for (const evil of ["x';DROP TABLE obverse_tasks;--", 'a"b', "x' OR '1'='1", 'a b', 'ü', '', 'x'.repeat(49)])
      for (const option of ['queue', 'reader'])
        await expect(
          Work.serve({ url: engine.address('h'), [option]: evil } as never, { logger: null }),
        ).rejects.toThrow(UsageError);
  });

  works('keys, methods and errors with SQL in them are kept as they are', async () => {
    const boss = await writer();
    const evil = `'); DROP TABLE obverse_tasks; -- "$1 ? \\ %s`;
    const side = await worker([]);
    side.add.connect(() => {
      throw new Error(evil);
    });
    const delivery = { key: evil, attempts: 1 };
    await expect(boss.to(null, { delivery }).add({ a: 1, b: 1 })).rejects.toThrow();
    const [row] = await engine.sql(`SELECT key, error FROM obverse_tasks WHERE queue = '${queue()}'`);
    expect(row).toEqual({ key: evil, error: evil });
  });

  works(
    'a worker that takes all it can and never works leaves the rest to others, and what it has when it ends',
    async () => {
      const boss = await writer();
      for (let n = 0; n < 20; n++) boss.remote.job({ n });
      await boss.flush();
      let taken = 0;
      const idle = await Work.serve(at('&inFlight=5&lease=600000'), { logger: null });
      idle.job.connect(() => {
        taken++;
        return new Promise(() => {});
      });
      await until(() => taken === 5);
      const done: number[] = [];
      await worker(done);
      await until(() => done.length === 15);
      await expect.poll(() => boss.queueStats()).toMatchObject({ waiting: 0, taken: 5 });
      await idle.close();
      await until(() => done.length === 20);
    },
  );

  works(
    'tasks with answers are removed after keep, however many there are, and so are those that a reader has not read',
    async () => {
      const boss = await writer();
      for (let n = 0; n < 3_000; n++) boss.remote.job({ n });
      await boss.flush();
      // As if they had ended so long ago.
      const past = name === 'sqlite' ? '1' : "'2000-01-01'";
      await engine.sql(
        `UPDATE obverse_tasks SET state = 'done', ended = ${past}, expires = ${past} WHERE queue = '${queue()}'`,
      );
      const heard: number[] = [];
      await expect.poll(states, { timeout: 25_000, interval: 500 }).toEqual([]);
      // The reader that comes last misses them, and reads what comes now.
      await worker(heard, '&reader=late');
      boss.remote.job({ n: 7 });
      await until(() => heard.length === 1);
      expect(heard).toEqual([7]);
    },
  );
});
