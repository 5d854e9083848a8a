import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Side } from '../../src/index.js';
import { PostgresClient } from '../../transports/shared/queue/postgres/client.js';
import { PostgresStore } from '../../transports/shared/queue/postgres/store.js';
import { Work } from '../durable/work.js';
import { Log, until } from '../support/core-waiting.js';
import type { Engine } from '../support/engines.js';
import { databaseOf, postgres, startPostgres } from '../support/postgres-server.js';

/** Rows of a table that is large: to read all of them is expected to cost more than an index. */
const MANY = 50_000;

describe.skipIf(postgres.absent)(`the index of readers in PostgreSQL${postgres.why}`, () => {
  let engine: Engine;
  let server: pg.Client;
  let admin: pg.Client;
  let database: string;
  let log: Log;
  const open: AsyncDisposable[] = [];
  beforeAll(async () => {
    engine = await startPostgres();
    server = new pg.Client({ connectionString: databaseOf(engine) });
    await server.connect();
  }, 60_000);
  let used = 0;
  // An index is there for good: each test has a database of its own.
  beforeEach(async () => {
    used++;
    log = new Log();
    await server.query(`CREATE DATABASE d${used}`);
    database = databaseOf(engine).replace(/postgres$/, `d${used}`);
    admin = await connection();
  });
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
    await admin.end();
  });
  afterAll(async () => {
    await server.end();
    await engine.end();
  });

  async function connection(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: database });
    await client.connect();
    return client;
  }
  async function writer(queue = 'jobs') {
    const side = await Work.invert().connect(`${database}?queue=${queue}&readers`, { logger: log });
    open.push(side);
    return side;
  }
  async function reader(name: string, heard: number[], queue = 'jobs', at = database): Promise<Side<Work>> {
    const side = await Work.serve(`${at}?queue=${queue}&poll=50&lease=600&reader=${name}`, { logger: log });
    open.push(side);
    side.job.connect((_sender, { n }) => void heard.push(n));
    return side;
  }
  async function write(boss: Awaited<ReturnType<typeof writer>>, from: number, to: number): Promise<void> {
    for (let n = from; n < to; n++) boss.remote.job({ n });
    await boss.flush();
  }
  /** Whether the index can be used; undefined: there is none. */
  async function index(): Promise<boolean | undefined> {
    const { rows } = await admin.query<{ valid: boolean }>(
      "SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = to_regclass('obverse_order')",
    );
    return rows[0]?.valid;
  }
  const numbers = (count: number): number[] => Array.from({ length: count }, (_each, n) => n);

  it('is made by the first reader, and by nobody else', async () => {
    const boss = await writer();
    await write(boss, 0, 3);
    const worker = await Work.serve(`${database}?queue=jobs`, { logger: log });
    open.push(worker);
    await worker.queueStats();
    expect(await index()).toBeUndefined();
    const heard: number[] = [];
    await reader('audit', heard);
    await expect.poll(index).toBe(true);
    await until(() => heard.length === 3);
    expect([heard, log.errors]).toEqual([numbers(3), []]);
  });

  it('is made once by readers that all begin at once, none of which fails', async () => {
    await write(await writer(), 0, 20);
    const all = await Promise.all(
      numbers(6).map(async (n) => {
        const heard: number[] = [];
        await reader(`r${n}`, heard);
        return heard;
      }),
    );
    await until(() => all.every((heard) => heard.length === 20));
    for (const heard of all) expect(heard).toEqual(numbers(20));
    await expect.poll(index).toBe(true);
    expect(log.errors).toEqual([]);
  });

  it('lets all others write, read and close while it cannot be made yet', async () => {
    const boss = await writer();
    await write(boss, 0, 3);
    const other = await connection();
    open.push({ [Symbol.asyncDispose]: () => other.end() });
    await other.query('BEGIN');
    // The index has to wait for the end of this.
    await other.query("UPDATE obverse_tasks SET priority = 1 WHERE queue = 'jobs'");
    const heard: number[] = [];
    const side = await reader('audit', heard);
    await expect.poll(index).toBe(false);
    await write(boss, 3, 6);
    // What an open transaction may precede cannot be read.
    await other.query('ROLLBACK');
    await until(() => heard.length === 6);
    await expect.poll(index).toBe(true);
    expect([heard, log.errors]).toEqual([numbers(6), []]);

    await admin.query('DROP INDEX obverse_order');
    await other.query('BEGIN');
    await other.query("UPDATE obverse_tasks SET priority = 1 WHERE queue = 'jobs'");
    await side.close();
    const late = await reader('late', []);
    await expect.poll(index).toBe(false);
    await late.close();
    expect(log.errors).toEqual([]);
  });

  it('is made again if who was making it has ended', async () => {
    const boss = await writer();
    await write(boss, 0, 3);
    await admin.query('CREATE INDEX obverse_order ON obverse_tasks (queue, written, id)');
    await admin.query("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'obverse_order'::regclass");
    const heard: number[] = [];
    await reader('audit', heard);
    await expect.poll(index).toBe(true);
    await until(() => heard.length === 3);
    expect(log.errors).toEqual([]);
  });

  it('is asked for where a reader may not make it, and the reader reads nevertheless', async () => {
    const boss = await writer();
    await write(boss, 0, 3);
    await admin.query(`CREATE USER clerk${used};
      GRANT SELECT, INSERT, UPDATE, DELETE ON obverse_tasks, obverse_readers, obverse_unread, obverse_schema TO clerk${used}`);
    const heard: number[] = [];
    await reader('audit', heard, 'jobs', database.replace('postgres@', `clerk${used}@`));
    await until(() => heard.length === 3 && log.errors.length > 0);
    expect(await index()).toBeUndefined();
    expect(log.errors).toHaveLength(1);
    expect(String(log.errors[0])).toMatch(
      /d\d+\?queue=jobs&reader=audit: readers are slow without the index obverse_order: must be owner of table obverse_tasks; it is tried again/,
    );
  });

  /** What the server does for a statement of the library, whatever its values are; `$1` is the queue. */
  async function planOf(text: string): Promise<string> {
    await admin.query('SET plan_cache_mode = force_generic_plan');
    await admin.query(`DEALLOCATE ALL; PREPARE one AS ${text}`);
    const { rows } = await admin.query<{ types: string[] }>(
      "SELECT parameter_types::text[] AS types FROM pg_prepared_statements WHERE name = 'one'",
    );
    const values = rows[0]?.types.map((type) => (type === 'text' ? "'0'" : '1')).join(', ');
    const plan = await admin.query<{ 'QUERY PLAN': string }>(
      `EXPLAIN ${/FOR UPDATE|UPDATE |INSERT |DELETE /.test(text) ? '' : 'ANALYZE'} EXECUTE one ${values ? `(${values})` : ''}`,
    );
    return plan.rows.map((row) => row['QUERY PLAN']).join('\n');
  }

  it('is used to read, however large the table is, and is not missed when a side opens', async () => {
    await (await writer()).close();
    await admin.query(`INSERT INTO obverse_tasks (queue, state, due, priority, method, body, asks, keep, stored, written, batch)
      SELECT 'jobs', 'done', now(), 0, 'job', '{}', false, 1000, now(), pg_current_xact_id(), gen_random_uuid() FROM generate_series(1, ${MANY})`);
    await admin.query('ANALYZE obverse_tasks');
    const statements = new Set<string>();
    const { rows } = PostgresClient.prototype;
    PostgresClient.prototype.rows = function (this: PostgresClient, text: string, ...more) {
      statements.add(text);
      return rows.call(this, text, ...more);
    } as typeof rows;
    try {
      const plan = { address: '', queue: 'jobs', isText: true, writes: true, forReaders: true };
      const failures: unknown[] = [];
      const store = await PostgresStore.open(
        { connectionString: database },
        { ...plan, keep: 1_000, mostBytes: 1_000, patience: 10_000, failed: (error) => failures.push(error) },
      );
      const opening = [...statements];
      expect(opening.filter((text) => text.includes('FROM obverse_tasks')).length).toBeGreaterThan(1);
      const scan = /Seq Scan on obverse_tasks.*actual/;
      for (const text of opening) expect(await planOf(text), text).not.toMatch(scan);

      const terms = { worker: globalThis.crypto.randomUUID(), lease: 60_000, attempts: 1 };
      const place = await store.hold('audit', terms, 'all');
      await expect.poll(index).toBe(true);
      statements.clear();
      const page = () => store.read(place as { last: number; attempt: number }, 32, 1e6);
      await expect.poll(async () => (await page()).tasks.length).toBe(32);
      const reading = [...statements].filter((text) => text.includes('FROM obverse_tasks'));
      expect(await planOf(reading[0] as string)).toContain('obverse_order');
      for (const text of [...reading, ...opening]) expect(await planOf(text), text).not.toMatch(scan);
      await store.close();
      expect(failures).toEqual([]);
    } finally {
      PostgresClient.prototype.rows = rows;
    }
  });

  it('is not needed to see that a dump was restored: whoever opens first mends all queues', async () => {
    const [boss, other] = [await writer(), await writer('other')];
    const heard: number[] = [];
    const before = await reader('audit', heard);
    await write(boss, 0, 3);
    await until(() => heard.length === 3);
    await before.close();
    await write(boss, 3, 6);
    await write(other, 0, 3);
    await boss.close();
    await other.close();
    // What a dump of tasks alone brings along: places among the transactions of another server, which has had more of them.
    await admin.query(`DROP INDEX obverse_order; DELETE FROM obverse_readers;
      UPDATE obverse_tasks SET written = (written::text::bigint + 1000000000)::text::xid8`);
    // Somebody else opens first, and writes: the newest task is none of those.
    const third = await writer('third');
    await write(third, 0, 1);
    await write(await writer(), 6, 9);
    for (const [queue, count] of [
      ['jobs', 9],
      ['other', 3],
    ] as const) {
      const all: number[] = [];
      await reader('fresh', all, queue);
      await until(() => all.length === count);
      expect(all).toEqual(numbers(count));
    }
    expect(log.errors).toEqual([]);
  });
});
