import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SqlDatabase, sqliteOpener } from '../../transports/shared/queue/sqlite/driver.js';
import { type BareQueue, benchQueue, IN_FLIGHT } from './queue.js';

/** The durability of the side: what is stored is on disk; what workers write last may be lost by a power failure, and is done again then. */
const PRAGMAS = 'PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 50; PRAGMA synchronous =';
const LEASE_MS = 30_000;
const ATTEMPTS = 5;

interface Row {
  readonly id: number;
  readonly priority: number;
  readonly body: string;
}

/** A queue in a file, beside the statements of SQLite, with the same driver. */
export async function bench(): Promise<boolean> {
  const Database = await sqliteOpener();
  const folder = mkdtempSync(join(tmpdir(), 'obverse-bench-'));
  let files = 0;
  const file = (): string => join(folder, `tasks-${++files}.db`);
  try {
    return await benchQueue({
      fresh: () => `sqlite:${file()}?queue=jobs`,
      bare: async () => byHand(new Database(file()), () => new Database(join(folder, `tasks-${files}.db`))),
      tidy: async () => {},
      least: 0.3,
      most: 2,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * What somebody writes who needs speed and the same guarantees: several queues, leases, attempts, priorities, keys, tasks that stay for some
 * time when they are done, one transaction for each batch, statements that are prepared once.
 */
function byHand(writer: SqlDatabase, open: () => SqlDatabase): BareQueue {
  writer.exec(`${PRAGMAS} FULL`);
  writer.exec(`CREATE TABLE tasks (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      queue TEXT NOT NULL,
      priority INTEGER NOT NULL DEFAULT 0,
      key TEXT,
      body TEXT NOT NULL,
      due INTEGER NOT NULL,
      worker TEXT,
      attempt INTEGER NOT NULL DEFAULT 0,
      ended INTEGER);
    CREATE UNIQUE INDEX keys ON tasks (queue, key) WHERE key IS NOT NULL;
    CREATE INDEX next ON tasks (queue, priority DESC, id) WHERE ended IS NULL;
    CREATE INDEX old ON tasks (ended) WHERE ended IS NOT NULL`);
  const worker = open();
  worker.exec(`${PRAGMAS} NORMAL`);
  const insert = writer.prepare('INSERT INTO tasks (queue, body, due) VALUES (?, ?, ?)');
  const claim = worker.prepare(
    `UPDATE tasks SET due = ?, worker = ?, attempt = attempt + 1 WHERE id IN (
      SELECT id FROM tasks WHERE queue = ? AND ended IS NULL AND due <= ? AND attempt < ? ORDER BY priority DESC, id LIMIT ?)
      RETURNING id, priority, key, attempt, body`,
  );
  const done = worker.prepare(
    'UPDATE tasks SET ended = ?, worker = NULL WHERE id IN (SELECT value FROM json_each(?)) AND worker = ?',
  );
  const [queue, name] = ['jobs', 'by hand'];
  return {
    store: async (bodies) => {
      const now = Date.now();
      writer.exec('BEGIN IMMEDIATE');
      for (const body of bodies) insert.run(queue, body, now);
      writer.exec('COMMIT');
    },
    work: async (work) => {
      const now = Date.now();
      const rows = claim.all(now + LEASE_MS, name, queue, now, ATTEMPTS, IN_FLIGHT) as Row[];
      rows.sort((a, b) => b.priority - a.priority || a.id - b.id);
      for (const { body } of rows) work(body);
      done.run(Date.now(), JSON.stringify(rows.map(({ id }) => id)), name);
      return rows.length;
    },
    close: async () => {
      worker.close();
      writer.close();
    },
  };
}
