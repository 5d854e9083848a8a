import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import type { Link } from '../../src/contract/contract.js';
import { ProtocolError } from '../../src/contract/errors.js';
import { markUnbegun } from '../../src/contract/unbegun.js';
import { Code } from '../../src/index.js';
import { wireFor } from '../../src/testing/transport.js';
import { type SqlDatabase, sqliteOpener } from '../../transports/shared/queue/sqlite/driver.js';
import type { QueueTransport } from '../../transports/shared/queue/transport.js';
import makeSqlite from '../../transports/sqlite.js';
import { Work } from '../durable/work.js';
import { until } from '../support/core-waiting.js';

describe('links to a queue', () => {
  let folder = '';
  const open: AsyncDisposable[] = [];
  const databases: SqlDatabase[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'obverse-links-'));
  });
  afterEach(async () => {
    for (const db of databases.splice(0)) db.close();
    for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  const file = (): string => join(folder, 'tasks.db');
  const at = (): string => `sqlite:${file()}`;
  async function bare(): Promise<SqlDatabase> {
    const db = new (await sqliteOpener())(file());
    databases.push(db);
    return db;
  }

  it('do not ask for the answers of calls that were cancelled before their tasks were stored', async () => {
    const transport = makeSqlite(parseAddress(`${at()}?poll=10`), wireFor()) as QueueTransport;
    open.push({ [Symbol.asyncDispose]: () => transport.close() });
    let link: Link | undefined;
    await transport.open((opened) => {
      link = opened;
      return { receive() {}, drained() {}, closed() {} };
    });
    const db = await bare();
    db.exec('BEGIN IMMEDIATE');
    const ask = (id: number) => link?.dispatch?.(['{}'], { id, method: 'other', delivery: undefined });
    for (let id = 0; id < 100; id++) ask(id);
    for (let id = 0; id < 50; id++) link?.withdraw?.(id, []);
    const flushed = transport.flush();
    // It is being stored meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 20));
    for (let id = 50; id < 100; id++) link?.withdraw?.(id, []);
    db.exec('COMMIT');
    await flushed;
    const asked = vi.spyOn(transport.store, 'ended');
    ask(100);
    await transport.flush();
    await until(() => asked.mock.calls.length > 0);
    expect(asked.mock.calls[0]?.[0]).toEqual([101]);
  });

  it('give a reader the task again that it has refused because it has too many, and leave none behind', async () => {
    const boss = await Work.invert().connect(`${at()}?readers`, { logger: null });
    open.push(boss);
    boss.remote.job({ n: 1 });
    await boss.flush();
    const reader = makeSqlite(parseAddress(`${at()}?reader=audit&attempts=1&backoff=1`), wireFor({ listen: true }));
    open.push({ [Symbol.asyncDispose]: () => reader.close() });
    const attempts: unknown[] = [];
    await reader.open((link) => {
      attempts.push(link.info?.attempt);
      const busy = markUnbegun(new ProtocolError('busy: 1 calls wait already', Code.Busy));
      queueMicrotask(() => link.close(attempts.length < 4 ? busy : undefined));
      return { receive() {}, drained() {}, closed() {} };
    });
    await until(() => attempts.length === 4);
    expect(attempts).toEqual([1, 1, 1, 1]);
    expect((await bare()).prepare('SELECT count(*) AS n FROM obverse_unread').get()).toMatchObject({ n: 0 });
  });

  it('begin in parts of a turn, so that leases are renewed while handlers that are not asynchronous take their time', async () => {
    await using boss = await Work.invert().connect(at());
    await using worker = await Work.serve(`${at()}?inFlight=12`);
    let turn = 0;
    const turns = new Set<number>();
    const next = (): void => {
      turn++;
      if (turns.size < 2 && seen < 12) setImmediate(next);
    };
    let seen = 0;
    worker.job.connect(() => {
      seen++;
      turns.add(turn);
      for (const until = performance.now() + 15; performance.now() < until; );
    });
    next();
    for (let n = 0; n < 12; n++) boss.remote.job({ n });
    await until(() => seen === 12);
    expect(turns.size).toBeGreaterThan(1);
  });

  it('count an attempt of a batch, although the side was too busy for one of its calls: others were carried out', async () => {
    await using boss = await Work.invert().connect(at());
    boss.to(null, { delivery: { delay: 60_000 } }).job({ n: 0 });
    await boss.flush();
    const calls = [1, 2, 3, 4].map((n) => ({ jsonrpc: '2.0', method: 'job', params: { n } }));
    const seen: number[] = [];
    await using worker = await Work.serve(`${at()}?poll=10&backoff=1&attempts=3`, {
      logger: null,
      concurrency: { each: 8, all: 1 },
      limits: { queuedCalls: 1 },
    });
    worker.job.connect(async (_sender, { n }) => {
      seen.push(n);
      await new Promise((resolve) => setImmediate(resolve));
    });
    (await bare()).prepare("UPDATE obverse_tasks SET state = 'waiting', body = ?").run(JSON.stringify(calls));
    await vi.waitFor(async () => expect(await boss.queueStats()).toMatchObject({ dead: 1 }), 10_000);
    expect(seen.filter((n) => n === 1)).toHaveLength(3);
  });
});
