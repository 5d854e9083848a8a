import { fork } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import type { Link } from '../../src/contract/contract.js';
import { Code, UsageError } from '../../src/index.js';
import { wireFor } from '../../src/testing/transport.js';
import { type SqlDatabase, sqliteOpener } from '../../transports/shared/queue/sqlite/driver.js';
import makeSqlite from '../../transports/sqlite.js';
import { Work } from '../durable/work.js';
import { failure, Log, until } from '../support/core-waiting.js';

describe('a file of SQLite', () => {
  let folder = '';
  const open: AsyncDisposable[] = [];
  const databases: SqlDatabase[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'obverse-files-'));
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
  async function writer(options: Parameters<typeof Work.connect>[1] = {}) {
    const side = await Work.invert().connect(at(), { logger: null, timeout: 50_000, ...options });
    open.push(side);
    return side;
  }
  const refused = async (): Promise<Error> => failure(Work.serve(at(), { logger: null }));

  it('that is none is refused, and stays as it is', async () => {
    writeFileSync(file(), 'This is a letter, and no database.\n'.repeat(100));
    const error = await refused();
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain('expected a file of SQLite, or one that does not exist yet');
  });

  it('in a folder that is not there is refused', async () => {
    const error = await failure(Work.serve(`sqlite:${folder}/nowhere/tasks.db`, { logger: null }));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain('expected a file in a folder that exists and can be written to');
  });

  it.each([
    ['obverse_tasks', 'CREATE TABLE obverse_tasks (id INTEGER, title TEXT)'],
    ['obverse_schema', 'CREATE TABLE obverse_schema (name TEXT)'],
    ['obverse_readers', 'CREATE TABLE obverse_readers (name TEXT)'],
    ['obverse_tasks, as a view', 'CREATE VIEW obverse_tasks AS SELECT 1 AS id'],
  ])('in which another program has a table of the name %s is refused, and stays as it is', async (_name, sql) => {
    const db = await bare();
    db.exec(sql);
    const error = await refused();
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain('has tables of the names obverse_… that are not those of this library');
    const tables = db.prepare('SELECT count(*) AS n FROM sqlite_master WHERE name NOT LIKE ?').get('sqlite_%');
    expect((tables as { n: number }).n).toBe(1);
  });

  it('whose tables were changed is refused, also where the version is right; those of a later version are used', async () => {
    await (await writer()).close();
    open.length = 0;
    const db = await bare();
    db.exec('INSERT INTO obverse_schema VALUES (99); ALTER TABLE obverse_tasks ADD COLUMN later TEXT');
    const boss = await writer();
    boss.remote.job({ n: 1 });
    await boss.flush();
    db.exec('ALTER TABLE obverse_tasks RENAME COLUMN keep TO kept');
    expect((await refused()).message).toContain('were changed');
  });

  it('that another program has locked rejects in connectMs what is written, and takes it again afterwards', async () => {
    const boss = await writer({ limits: { connectMs: 300 } });
    const db = await bare();
    db.exec('BEGIN EXCLUSIVE');
    boss.remote.job({ n: 1 });
    const asked = boss.remote.add({ a: 1, b: 1 }).catch((error: unknown) => error);
    const error = await failure(boss.flush());
    expect(error.message).toMatch(/^not everything was stored: .*database is locked/);
    expect(String(await asked)).toMatch(/database is locked/);
    db.exec('ROLLBACK');
    boss.remote.job({ n: 2 });
    await boss.flush();
    expect((await boss.queueStats()).waiting).toBe(1);
    // A worker waits for the lock, and then does the work.
    db.exec('BEGIN IMMEDIATE');
    const done: number[] = [];
    const side = await Work.serve(`${at()}?poll=20`, { logger: null, limits: { connectMs: 100 } });
    open.push(side);
    side.job.connect((_sender, { n }) => void done.push(n));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(done).toEqual([]);
    db.exec('COMMIT');
    await until(() => done.length === 1);
  });

  it('that may only be read is refused', async () => {
    await (await writer()).close();
    open.length = 0;
    chmodSync(file(), 0o444);
    chmodSync(folder, 0o555);
    try {
      // Root may write everywhere, so it is another user that tries.
      const told = await inChild('open', process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {});
      expect(told).toMatch(
        /UsageError: sqlite: .* cannot be opened: .*the file and its folder must be writable|expected a file in a folder that exists and can be written to/,
      );
    } finally {
      chmodSync(folder, 0o755);
    }
  });

  it('on a disk that is full rejects what does not fit, with the reason, keeps what was stored, and goes on later', async () => {
    const told = await inChild('fill', { limit: 400 });
    expect(told).toMatch(/^full after [1-9]\d* batches: not everything was stored: .*(full|I\/O|too large|disk)/);
    expect(told).toContain('stored as confirmed');
    const boss = await writer();
    boss.remote.job({ n: 1 });
    await boss.flush();
  });

  it('takes 10,000 small tasks of one turn only up to the bound, and all of them where there is room', async () => {
    const boss = await writer({ limits: { bufferedBytes: 100_000, frameBytes: 50_000 } });
    for (let round = 0; round < 2; round++) {
      let taken = 0;
      let error: unknown;
      for (let n = 0; n < 10_000 && error === undefined; n++) {
        try {
          boss.remote.job({ n });
          taken++;
        } catch (thrown) {
          error = thrown;
        }
      }
      expect(error).toMatchObject({ code: Code.Busy });
      expect(taken).toBeLessThan(4_000);
      expect(taken).toBeGreaterThan(200);
      await boss.flush();
    }
    const large = await writer();
    for (let n = 0; n < 10_000; n++) large.remote.job({ n });
    await large.flush();
  });

  it('confirms to flush what was written before, however much is written meanwhile', async () => {
    const transport = makeSqlite(parseAddress(at()), wireFor());
    open.push({ [Symbol.asyncDispose]: () => transport.close() });
    let link: Link | undefined;
    await transport.open((opened) => {
      link = opened;
      return { receive() {}, drained() {}, closed() {} };
    });
    let isWriting = true;
    const writing = (async () => {
      while (isWriting) {
        link?.dispatch?.(['{}'], { id: undefined, method: 'm', delivery: undefined });
        // In the microtasks in between, the store has more to do whenever it looks.
        await undefined;
        if (Math.random() < 0.1) await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    await new Promise((resolve) => setImmediate(resolve));
    await transport.flush?.();
    isWriting = false;
    await writing;
  });

  it.each(['9007199254740993', '9223372036854775807'])(
    'with a task of the number %s rejects what is written, with what to do, and takes it again afterwards',
    async (id) => {
      const boss = await writer();
      boss.remote.job({ n: 0 });
      await boss.flush();
      const db = await bare();
      db.exec(`UPDATE obverse_tasks SET id = ${id}, queue = 'another'`);
      boss.remote.job({ n: 1 });
      const asked = failure(boss.remote.add({ a: 1, b: 1 }));
      const { message } = await failure(boss.flush());
      expect(message).toContain('has a task with an id over 9007199254740991');
      expect((await asked).message).toContain('has a task with an id over 9007199254740991');
      const advice = message.slice(message.indexOf('UPDATE sqlite_sequence'));
      db.exec(`DELETE FROM obverse_tasks WHERE id = ${id}; ${advice}`);
      boss.remote.job({ n: 2 });
      await boss.flush();
      const done: number[] = [];
      const side = await Work.serve(at(), { logger: null });
      open.push(side);
      side.job.connect((_sender, { n }) => void done.push(n));
      await until(() => done.length === 1);
      expect(done).toEqual([2]);
    },
  );

  it.each(['removed', 'replaced'])(
    'that was %s while it was open rejects what is written, and is reported by who works',
    async (what) => {
      const boss = await writer({ timeout: 300 });
      const log = new Log();
      const side = await Work.serve(`${at()}?poll=20`, { logger: log });
      open.push(side);
      boss.remote.job({ n: 0 });
      await boss.flush();
      for (const suffix of ['', '-wal', '-shm']) rmSync(file() + suffix, { force: true });
      if (what === 'replaced') await (await Work.invert().connect(at(), { logger: null })).close();
      boss.remote.job({ n: 1 });
      const text = `${file()} was removed or replaced while it was open`;
      expect((await failure(boss.flush())).message).toContain(text);
      await until(() => log.errors.length > 0);
      expect(log.errors.map((told) => told.map(String).join(' ')).join('\n')).toContain(text);
    },
  );

  it('that is opened by a link in another folder is watched where it is', async () => {
    const boss = await writer();
    const other = mkdtempSync(join(tmpdir(), 'obverse-linked-'));
    open.push({ [Symbol.asyncDispose]: async () => rmSync(other, { recursive: true, force: true }) });
    symlinkSync(file(), join(other, 'linked.db'));
    const side = await Work.serve(`sqlite:${join(other, 'linked.db')}?poll=3600000`, { logger: null });
    open.push(side);
    const done: number[] = [];
    side.job.connect((_sender, { n }) => void done.push(n));
    for (let n = 0; n < 3; n++) {
      boss.remote.job({ n });
      await boss.flush();
      await until(() => done.length === n + 1);
    }
  });

  /** What a program with the file says. `limit`: the most that a file may have, in pieces of 1,024 bytes. */
  function inChild(role: string, { limit, ...user }: { limit?: number; uid?: number; gid?: number }): Promise<string> {
    const program = fileURLToPath(new URL('./file-program.ts', import.meta.url));
    const args = ['--import', 'tsx', program, role, at()];
    const child =
      limit === undefined
        ? fork(program, [role, at()], { execArgv: ['--import', 'tsx'], silent: true, ...user })
        : fork('-c', [], {
            execPath: '/bin/bash',
            execArgv: [
              '-c',
              `ulimit -f ${limit}; exec "${process.execPath}" ${args.map((arg) => `'${arg}'`).join(' ')}`,
            ],
            silent: true,
          });
    let told = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        told += text;
      });
    return new Promise((resolve) => child.once('close', () => resolve(told)));
  }
});
