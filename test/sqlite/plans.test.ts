import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { SqliteFile } from '../../transports/shared/queue/sqlite/file.js';
import { SqliteStore } from '../../transports/shared/queue/sqlite/store.js';

const folder = mkdtempSync(join(tmpdir(), 'obverse-plans-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What SQLite does for a statement. */
const planOf = (file: SqliteFile, sql: string): string =>
  file
    .sql(`EXPLAIN QUERY PLAN ${sql}`)
    .all(...(sql.match(/\?(?!\d)/g) ?? []).map(() => 0))
    .map((row) => (row as { detail: string }).detail)
    .join('\n');

it('finds the tasks to work on by an index of those alone, however many tasks are kept', async () => {
  const store = await SqliteStore.open(join(folder, 'jobs.db'), {
    address: 'sqlite:jobs.db?queue=jobs',
    isText: true,
    queue: 'jobs',
    keep: 1_000,
    forReaders: false,
    writes: true,
    patience: 1_000,
    failed: () => {},
    mostBytes: 1_000,
  });
  const { file } = store as unknown as { file: SqliteFile };
  const used = new Set<string>();
  const { sql } = file;
  file.sql = (text) => {
    used.add(text);
    return sql.call(file, text);
  };
  const terms = { worker: 'w', lease: 0, attempts: 2 };
  const task = { method: 'work', body: '{}', asks: false, key: undefined, delay: 0, priority: 0, attempts: undefined };
  await store.insert([task, task]);
  const { tasks } = await store.claim(terms, 1, 1_000);
  expect(tasks).toHaveLength(1);
  // The lease is over.
  expect((await store.claim(terms, 2, 1_000)).tasks).toHaveLength(2);
  await store.next();
  await store.renew(terms, [1]);
  await store.settle(
    'w',
    tasks.map((each) => ({ task: each, state: 'done', wait: 0, answer: undefined, error: undefined })),
  );
  file.sql = sql;

  const finding = [...used].filter((text) => text.includes("'waiting'") || text.includes("'delayed'"));
  expect(finding.length).toBeGreaterThan(3);
  for (const text of [...used].filter((each) => each.includes('obverse_tasks'))) {
    const plan = planOf(file, text);
    expect(plan, text).not.toMatch(/SCAN obverse_tasks|obverse_order/);
    if (finding.includes(text) && !text.startsWith('INSERT')) expect(plan, text).toMatch(/obverse_(waiting|due)/);
  }
  await store.close();
});
