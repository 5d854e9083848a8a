import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Side } from '../../src/index.js';
import { Work } from '../durable/work.js';
import { until } from '../support/core-waiting.js';
import type { Engine } from '../support/engines.js';
import { databaseOf, postgres, startPostgres } from '../support/postgres-server.js';

/* What somebody does to a database of PostgreSQL who may write to it: transactions that stay open, rows out of bounds, triggers, dumps. */

describe.skipIf(postgres.absent)(`a queue in PostgreSQL${postgres.why}`, () => {
  let engine: Engine;
  let admin: pg.Client;
  const open: AsyncDisposable[] = [];
  beforeAll(async () => {
    engine = await startPostgres();
    admin = new pg.Client({ connectionString: databaseOf(engine) });
    await admin.connect();
  }, 60_000);
  afterEach(async () => {
    await admin.query('ROLLBACK');
    for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
  });
  afterAll(async () => {
    await admin.end();
    await engine.end();
  });

  let used = 0;
  const queue = (): string => `a${used}`;
  const at = (query: string): string =>
    `${databaseOf(engine)}?queue=${queue()}&application_name=side${used}&poll=50${query}`;
  async function writer(query = '') {
    used++;
    const side = await Work.invert().connect(at(query), { logger: null, timeout: 50_000 });
    open.push(side);
    return side;
  }
  async function worker(
    query: string,
    job: (n: number) => unknown,
    options: Parameters<typeof Work.connect>[1] = {},
  ): Promise<Side<Work>> {
    const side = await Work.serve(at(query), { logger: null, ...options });
    open.push(side);
    side.job.connect((_sender, { n }) => job(n) as void);
    return side;
  }
  async function sql<Row = Record<string, unknown>>(text: string): Promise<Row[]> {
    return (await admin.query(text)).rows as Row[];
  }
  const states = async () =>
    Object.fromEntries(
      (
        await sql<{ state: string; n: number }>(
          `SELECT state, count(*)::int AS n FROM obverse_tasks WHERE queue = '${queue()}' GROUP BY state`,
        )
      ).map(({ state, n }) => [state, n]),
    );
  /** A trigger for the rows of this queue. */
  async function trigger(timing: string, body: string, deferred = ''): Promise<void> {
    await admin.query(`CREATE FUNCTION ${queue()}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body} RETURN NEW; END $$;
      CREATE ${timing} ON obverse_tasks ${deferred} FOR EACH ROW WHEN (NEW.queue = '${queue()}') EXECUTE FUNCTION ${queue()}()`);
  }

  it('whose tasks that are due cannot be looked for loses none of those that were taken', async () => {
    const boss = await writer();
    boss.to(null, { delivery: { delay: 1 } }).job({ n: -1 });
    for (let n = 0; n < 20; n++) boss.remote.job({ n });
    await boss.flush();
    await trigger(
      `TRIGGER ${queue()} BEFORE UPDATE`,
      "IF OLD.state = 'delayed' THEN RAISE EXCEPTION 'not this one'; END IF;",
    );
    const done: number[] = [];
    await worker('&attempts=1', (n) => done.push(n));
    await expect.poll(states).toEqual({ done: 20, delayed: 1 });
    expect(done).toHaveLength(20);
  });

  it('gives a worker the tasks that it has taken without hearing of it', async () => {
    const boss = await writer();
    for (let n = 0; n < 20; n++) boss.remote.job({ n });
    await boss.flush();
    // What is deferred is not ended by the server: the side has given up the answer before.
    await trigger(
      `CONSTRAINT TRIGGER ${queue()} AFTER UPDATE`,
      "IF NEW.state = 'taken' AND NEW.id % 20 = 0 THEN PERFORM pg_sleep(1.5); END IF;",
      'DEFERRABLE INITIALLY DEFERRED',
    );
    const done: number[] = [];
    await worker('&attempts=1&inFlight=20&lease=600000', (n) => done.push(n), { limits: { connectMs: 1_000 } });
    await expect.poll(states, { timeout: 20_000 }).toEqual({ done: 20 });
    expect(done.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_each, n) => n));
  });

  it('whose row an open transaction has locked goes on with all other tasks, over no more connections', async () => {
    const boss = await writer();
    boss.remote.job({ n: 0 });
    await boss.flush();
    const done: number[] = [];
    let end = (): void => {};
    await worker('&lease=600', (n) => (n > 0 ? done.push(n) : new Promise<void>((resolve) => (end = resolve))), {
      limits: { connectMs: 300 },
    });
    await expect.poll(states).toEqual({ taken: 1 });
    await admin.query('BEGIN');
    await admin.query(`SELECT 1 FROM obverse_tasks WHERE queue = '${queue()}' FOR UPDATE`);
    end();
    for (let n = 1; n < 40; n++) {
      boss.remote.job({ n });
      await boss.flush();
    }
    await until(() => done.length === 39);
    await expect.poll(states).toEqual({ taken: 1, done: 39 });
    // Several times as long as a lease, and as a statement may take.
    const seen: number[] = [];
    for (let n = 0; n < 20; n++) {
      const [row] = await sql<{ n: number }>(
        `SELECT count(*)::int AS n, pg_sleep(0.1) FROM pg_stat_activity WHERE application_name = 'side${used}'`,
      );
      seen.push(row?.n as number);
    }
    // Two sides, of four each.
    expect(Math.max(...seen)).toBeLessThanOrEqual(8);
    await admin.query('ROLLBACK');
    await expect.poll(states).toEqual({ done: 40 });
  });

  it('whose row an open transaction has locked keeps the leases of the other tasks of its worker', async () => {
    const boss = await writer();
    for (let n = 0; n < 4; n++) boss.remote.job({ n });
    await boss.flush();
    const begun: string[] = [];
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => (end = resolve));
    const begin = (name: string) => (n: number) => {
      begun.push(`${name}${n}`);
      return ended;
    };
    await worker('&lease=600', begin('a'));
    await until(() => begun.length === 4);
    await worker('&lease=600', begin('b'));
    await admin.query('BEGIN');
    const locked = `(SELECT min(id) FROM obverse_tasks WHERE queue = '${queue()}')`;
    await admin.query(`UPDATE obverse_tasks SET priority = 1 WHERE id = ${locked}`);
    await admin.query('SELECT pg_sleep(2)');
    expect(begun).toEqual(['a0', 'a1', 'a2', 'a3']);
    await admin.query('COMMIT');
    end();
    await expect.poll(states).toEqual({ done: 4 });
    // The lease of the task that was locked is over by now.
    expect(begun.filter((each) => each !== 'b0')).toHaveLength(4);
  });

  it.each([
    ['attempt = 2147483647', 'done'],
    ['keep = 9223372036854775807', 'done'],
    ['keep = 10000000000000000', 'done'],
    ["stored = '-infinity'", 'done'],
    ["due = '-infinity', state = 'delayed'", 'done'],
    ['id = 9223372036854775807', 'waiting'],
    ["id = 9223372036854775806, state = 'taken', due = '-infinity'", 'taken'],
  ])('with a row that has %s keeps no other task from being done once', async (set, state) => {
    const boss = await writer();
    boss.remote.job({ n: 0 });
    await boss.flush();
    await admin.query(`UPDATE obverse_tasks SET priority = 9, ${set} WHERE queue = '${queue()}'`);
    for (let n = 1; n < 4; n++) boss.remote.job({ n });
    await boss.flush();
    await boss.queueStats();
    const done: number[] = [];
    const errors: unknown[] = [];
    const logger = { warn: () => {}, error: (...told: unknown[]) => void errors.push(told) };
    await worker('&attempts=1&lease=400', (n) => done.push(n), { logger });
    await until(() => [1, 2, 3].every((n) => done.includes(n)));
    boss.remote.job({ n: 4 });
    await until(() => done.includes(4));
    await expect.poll(states).toEqual(state === 'done' ? { done: 5 } : { done: 4, [state]: 1 });
    // Longer than a lease: what cannot be settled would come again.
    await admin.query('SELECT pg_sleep(1)');
    expect(done.filter((n) => n > 0).sort()).toEqual([1, 2, 3, 4]);
    expect(errors).toEqual([]);
    await admin.query(`DELETE FROM obverse_tasks WHERE queue = '${queue()}'`);
  });

  it('with many tasks does not read all of them to take some, when the server knows how many there are', async () => {
    const many = 20_000;
    await writer();
    await admin.query(`INSERT INTO obverse_tasks (queue, state, due, priority, method, body, asks, keep, stored, written, batch)
      SELECT '${queue()}', 'waiting', now(), 0, 'job', '{"jsonrpc":"2.0","method":"job","params":{"n":1}}', false, 1000, now(), pg_current_xact_id(),
        gen_random_uuid() FROM generate_series(1, ${many})`);
    await admin.query('ANALYZE obverse_tasks');
    const seen = async () => {
      const [row] = await sql<{ read: number; changed: number }>(
        `SELECT seq_tup_read::int AS read, n_tup_upd::int AS changed FROM pg_stat_user_tables WHERE relname = 'obverse_tasks'`,
      );
      return row as { read: number; changed: number };
    };
    const before = await seen();
    let done = 0;
    const side = await worker('&inFlight=50', () => done++);
    await until(() => done >= 500);
    await side.close();
    // What a connection has read is known when it has ended.
    await expect.poll(async () => (await seen()).changed - before.changed).toBeGreaterThanOrEqual(1_000);
    expect((await seen()).read - before.read).toBeLessThan(many);
    await admin.query(`DELETE FROM obverse_tasks WHERE queue = '${queue()}'`);
  });

  it('with a row whose number is too high lets a reader read all others', async () => {
    const boss = await writer('&readers');
    boss.remote.job({ n: 0 });
    await boss.flush();
    await admin.query(`UPDATE obverse_tasks SET id = 9223372036854775806 WHERE queue = '${queue()}'`);
    for (let n = 1; n < 4; n++) boss.remote.job({ n });
    await boss.flush();
    const heard: number[] = [];
    const side = await worker('&reader=audit&lease=400', (n) => heard.push(n));
    await until(() => heard.length === 3);
    await expect.poll(() => side.queueStats()).toMatchObject({ waiting: 0, dead: 0 });
    expect(heard).toEqual([1, 2, 3]);
    await admin.query(`DELETE FROM obverse_tasks WHERE queue = '${queue()}'`);
  });

  it('that a trigger lets settle no task of a kind settles the others, and gives that one up', async () => {
    const boss = await writer();
    for (let n = 0; n < 10; n++) boss.remote.job({ n });
    await boss.flush();
    await trigger(
      `TRIGGER ${queue()} BEFORE UPDATE`,
      "IF NEW.state = 'done' AND NEW.id % 10 = 0 THEN RAISE EXCEPTION 'not this one'; END IF;",
    );
    const done: number[] = [];
    await worker('&attempts=1&lease=400', (n) => done.push(n));
    await expect.poll(states, { timeout: 10_000 }).toEqual({ done: 9, dead: 1 });
    expect(done).toHaveLength(10);
  });

  it('that was restored from a dump of another server lets readers read what they had not read, and what comes', async () => {
    const boss = await writer('&readers');
    for (let n = 0; n < 3; n++) boss.remote.job({ n });
    await boss.flush();
    const heard: number[] = [];
    const before = await worker('&reader=audit', (n) => heard.push(n));
    await until(() => heard.length === 3);
    await before.close();
    for (let n = 3; n < 6; n++) boss.remote.job({ n });
    await boss.flush();
    await boss.close();
    // What a dump brings along: places among the transactions of another server, which has had more of them.
    const far = "written = (written::text::bigint + 1000000000)::text::xid8 WHERE queue = '";
    await admin.query(`UPDATE obverse_tasks SET ${far}${queue()}'; UPDATE obverse_readers SET ${far}${queue()}'`);
    const again = await Work.invert().connect(at('&readers'), { logger: null });
    open.push(again);
    for (let n = 6; n < 9; n++) again.remote.job({ n });
    await again.flush();
    const side = await worker('&reader=audit', (n) => heard.push(n));
    await until(() => heard.length === 9);
    expect(heard).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    await expect.poll(() => side.queueStats()).toMatchObject({ waiting: 0 });
    const all: number[] = [];
    await worker('&reader=fresh', (n) => all.push(n));
    await until(() => all.length === 9);
    expect(all).toEqual(heard);
  });

  it('that is restored while a reader is open tells it', async () => {
    const boss = await writer('&readers');
    const errors: string[] = [];
    const logger = { warn: () => {}, error: (text: string) => void errors.push(text) };
    await worker('&reader=audit', () => {}, { logger: logger as never });
    boss.remote.job({ n: 0 });
    await boss.flush();
    await admin.query(
      `UPDATE obverse_tasks SET written = '1000000000'::xid8 WHERE queue = '${queue()}'; UPDATE obverse_readers SET written = '0'::xid8, worker = NULL WHERE queue = '${queue()}'`,
    );
    await until(() => errors.some((text) => /restored from another server.*close it and open it again/.test(text)));
  });

  it('makes a reader wait for the task at which it is to begin', async () => {
    const boss = await writer('&readers');
    for (let n = 0; n < 3; n++) boss.remote.job({ n });
    await boss.flush();
    const [row] = await sql<{ max: string }>(`SELECT max(id) AS max FROM obverse_tasks`);
    const heard: number[] = [];
    const side = await worker(`&reader=late&from=${Number(row?.max) + 3}`, (n) => heard.push(n));
    for (let n = 3; n < 9; n++) {
      boss.remote.job({ n });
      await boss.flush();
    }
    await until(() => heard.length === 4);
    await expect.poll(() => side.queueStats()).toMatchObject({ waiting: 0 });
    expect(heard).toEqual([5, 6, 7, 8]);
  });
});
