/** The present time: that of the server, and the same for all of a statement's rows. */
export const NOW = 'statement_timestamp()';

/** A number of ms as an interval. */
export function ms(value: string): string {
  return `${value} * interval '1 millisecond'`;
}

/** In ms: the longest time that a task stays after its end. A larger number in a row would be no interval. */
export const LONGEST_KEEP = 1e11;

/** The lock of who makes the tables: `obverse` as a number. */
const LOCK = 31_365_892_013;
/** The lock of who makes the index of readers. */
export const LOCK_ORDER: number = LOCK + 1;

/*
 * Each step is carried out once, in one transaction with the number of the version, and is never changed afterwards: a later version of the
 * library adds steps. Steps only add, so that an older version can use the tables of a newer one. docs/queues.md describes the tables.
 */
const STEPS: readonly string[] = [
  `CREATE TABLE obverse_tasks (
    id BIGSERIAL PRIMARY KEY,
    queue TEXT NOT NULL,
    state TEXT NOT NULL,
    due TIMESTAMPTZ NOT NULL,
    priority INTEGER NOT NULL,
    method TEXT NOT NULL,
    body BYTEA NOT NULL,
    asks BOOLEAN NOT NULL,
    key TEXT,
    attempt INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER,
    worker UUID,
    answer BYTEA,
    error TEXT,
    keep BIGINT NOT NULL,
    stored TIMESTAMPTZ NOT NULL,
    ended TIMESTAMPTZ,
    expires TIMESTAMPTZ,
    written XID8 NOT NULL,
    batch UUID NOT NULL);
  CREATE UNIQUE INDEX obverse_keys ON obverse_tasks (queue, key) WHERE key IS NOT NULL;
  CREATE INDEX obverse_waiting ON obverse_tasks (queue, priority DESC, id) WHERE state = 'waiting';
  CREATE INDEX obverse_due ON obverse_tasks (queue, due) WHERE state IN ('delayed', 'taken');
  CREATE INDEX obverse_dead ON obverse_tasks (queue, id) WHERE state = 'dead';
  CREATE INDEX obverse_expired ON obverse_tasks (queue, expires) WHERE expires IS NOT NULL;
  CREATE TABLE obverse_readers (
    queue TEXT NOT NULL,
    reader TEXT NOT NULL,
    last BIGINT NOT NULL,
    written XID8 NOT NULL,
    attempt INTEGER NOT NULL,
    worker UUID,
    due TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (queue, reader));
  CREATE TABLE obverse_unread (
    queue TEXT NOT NULL,
    reader TEXT NOT NULL,
    task BIGINT NOT NULL,
    error TEXT NOT NULL,
    ended TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (queue, reader, task))`,
];

/** The version of the tables; undefined: there are none. */
export const VERSION = "SELECT to_regclass('obverse_schema') IS NOT NULL AS found";
export const MAX_VERSION = 'SELECT coalesce(max(version), 0)::int AS version FROM obverse_schema';

/** What makes the tables that are missing, as one query of several statements: those who begin at once make them one after the other. */
export function missingTables(version: number): string {
  const steps = STEPS.slice(version).map(
    (step, at) => `${step}; INSERT INTO obverse_schema VALUES (${version + at + 1})`,
  );
  return steps.join('; ');
}

export const LOCK_TABLES = `SELECT pg_advisory_xact_lock(${LOCK})`;
export const MAKE_VERSION = 'CREATE TABLE IF NOT EXISTS obverse_schema (version INTEGER NOT NULL)';
export const LATEST: number = STEPS.length;

/** What is used of the tables. */
export const USED = `SELECT t.id, t.queue, t.state, t.due, t.priority, t.method, t.body, t.asks, t.key, t.attempt, t.attempts, t.worker, t.answer, t.error,
  t.keep, t.stored, t.ended, t.expires, t.written, t.batch, r.queue, r.reader, r.last, r.written, r.attempt, r.worker, r.due,
  u.queue, u.reader, u.task, u.error, u.ended
  FROM obverse_tasks t, obverse_readers r, obverse_unread u LIMIT 0`;
