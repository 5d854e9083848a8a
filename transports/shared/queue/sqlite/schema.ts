import type { SqlDatabase } from './driver.js';

/** The present time in ms since 1970, by the clock of SQLite: the same within one statement. */
export const NOW = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

/*
 * Each step is carried out once, in one transaction with the number of the version, and is never changed afterwards: a later version of the
 * library adds steps. Steps only add, so that an older version can use the tables of a newer one. docs/queues.md describes the tables.
 */
const STEPS: readonly string[] = [
  `CREATE TABLE obverse_tasks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    state TEXT NOT NULL,
    due INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    method TEXT NOT NULL,
    body BLOB NOT NULL,
    asks INTEGER NOT NULL,
    key TEXT,
    attempt INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER,
    worker TEXT,
    answer BLOB,
    error TEXT,
    keep INTEGER NOT NULL,
    stored INTEGER NOT NULL,
    ended INTEGER,
    expires INTEGER);
  CREATE UNIQUE INDEX obverse_keys ON obverse_tasks (queue, key) WHERE key IS NOT NULL;
  CREATE INDEX obverse_order ON obverse_tasks (queue, id);
  CREATE INDEX obverse_waiting ON obverse_tasks (queue, priority DESC, id) WHERE state = 'waiting';
  CREATE INDEX obverse_due ON obverse_tasks (queue, due) WHERE state IN ('delayed', 'taken');
  CREATE INDEX obverse_dead ON obverse_tasks (queue, id) WHERE state = 'dead';
  CREATE INDEX obverse_expired ON obverse_tasks (queue, expires) WHERE expires IS NOT NULL;
  CREATE TABLE obverse_readers (
    queue TEXT NOT NULL,
    reader TEXT NOT NULL,
    last INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    worker TEXT,
    due INTEGER NOT NULL,
    PRIMARY KEY (queue, reader));
  CREATE TABLE obverse_unread (
    queue TEXT NOT NULL,
    reader TEXT NOT NULL,
    task INTEGER NOT NULL,
    error TEXT NOT NULL,
    ended INTEGER NOT NULL,
    PRIMARY KEY (queue, reader, task));`,
];

/** What is used of the tables. */
const USED = `SELECT t.id, t.queue, t.state, t.due, t.priority, t.method, t.body, t.asks, t.key, t.attempt, t.attempts, t.worker, t.answer, t.error,
  t.keep, t.stored, t.ended, t.expires, r.queue, r.reader, r.last, r.attempt, r.worker, r.due, u.queue, u.reader, u.task, u.error, u.ended
  FROM obverse_tasks t, obverse_readers r, obverse_unread u LIMIT 0`;

/** Makes the tables that are missing. Must be called where nobody else writes. */
export function makeTables(db: SqlDatabase): void {
  db.exec('CREATE TABLE IF NOT EXISTS obverse_schema (version INTEGER NOT NULL)');
  const { version } = db.prepare('SELECT coalesce(max(version), 0) AS version FROM obverse_schema').get() as {
    version: number;
  };
  for (const [at, step] of STEPS.entries()) {
    if (at < version) continue;
    db.exec(step);
    db.prepare('INSERT INTO obverse_schema VALUES (?)').run(at + 1);
  }
}

/** Whether the tables are there. Throws if there are others of their names. */
export function hasTables(db: SqlDatabase): boolean {
  const known = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'obverse_schema'").get();
  if (known === undefined || known === null) return false;
  const { version } = db.prepare('SELECT max(version) AS version FROM obverse_schema').get() as { version: unknown };
  if (Number(version ?? 0) < STEPS.length) return false;
  db.prepare(USED).all();
  return true;
}
