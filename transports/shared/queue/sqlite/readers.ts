import type { Body, Page, Place, StorePlan, Task, Terms } from '../store.js';
import type { SqliteFile } from './file.js';
import { NOW } from './schema.js';

/** A row with a higher number is left alone: not every runtime can read it. Because of the plus, no index is chosen by it. */
export const HIGHEST = `+id <= ${Number.MAX_SAFE_INTEGER}`;

/** A task as it is read. */
export interface Row {
  readonly id: number;
  readonly body: Body | null;
  readonly size: number;
  readonly asks: number;
  readonly attempt: number;
  readonly attempts: number | null;
  readonly key: string | null;
  readonly stored: number;
}

/** The bytes of a message. */
export const SIZE = 'octet_length(body)';

/** The task of a row. `attempts`: how often it is tried if it does not specify it itself. */
export function taskOf(row: Row, attempts: number): Task {
  return {
    id: row.id,
    body: row.body ?? undefined,
    size: row.size,
    asks: row.asks !== 0,
    attempt: row.attempt,
    attempts: row.attempts ?? attempts,
    key: row.key ?? undefined,
    stored: new Date(row.stored),
  };
}

const WAITING = "obverse_tasks WHERE queue = ?1 AND state = 'waiting'";
const DUE = "obverse_tasks WHERE queue = ?1 AND state IN ('delayed', 'taken')";
const COUNTS = `SELECT
  (SELECT count(*) FROM ${WAITING}) + (SELECT count(*) FROM ${DUE} AND state = 'delayed') AS waiting,
  (SELECT count(*) FROM ${DUE} AND state = 'taken') AS taken,
  (SELECT count(*) FROM obverse_tasks WHERE queue = ?1 AND state = 'dead') AS dead,
  CAST(coalesce(${NOW} - (SELECT min(stored) FROM ${WAITING}), 0) AS REAL) AS oldest`;

const UNREAD = `obverse_tasks WHERE queue = ?1 AND ${HIGHEST}
  AND id > coalesce((SELECT last FROM obverse_readers WHERE queue = ?1 AND reader = ?2), 0)`;
const READER_COUNTS = `SELECT
  (SELECT count(*) FROM ${UNREAD}) AS waiting,
  0 AS taken,
  (SELECT count(*) FROM obverse_unread WHERE queue = ?1 AND reader = ?2) AS dead,
  CAST(coalesce(${NOW} - (SELECT stored FROM ${UNREAD} ORDER BY id LIMIT 1), 0) AS REAL) AS oldest`;

/** What readers need of a file of SQLite, and the numbers of its tasks. */
export abstract class SqliteReaders {
  /** What a task is read as; a body that is too large stays where it is. */
  protected readonly columns: string;

  protected constructor(
    protected readonly file: SqliteFile,
    protected readonly plan: StorePlan,
  ) {
    const most = Math.floor(Math.min(plan.mostBytes, Number.MAX_SAFE_INTEGER));
    // Somebody may have changed the row: a number of 64 bits would be an error, and the length of a text ends at a character 0.
    this.columns = `id, CASE WHEN ${SIZE} <= ${most} THEN body END AS body, ${SIZE} AS size, CAST(asks AS REAL) AS asks,
      CAST(attempt AS REAL) AS attempt, CASE WHEN attempts BETWEEN 1 AND 1000000000 THEN attempts END AS attempts, key, CAST(stored AS REAL) AS stored`;
  }

  hold(reader: string, { worker, lease }: Terms, from: 'all' | 'new' | number): Promise<Place | undefined> {
    const { queue } = this.plan;
    return this.file.atomic(() => {
      const begin = typeof from === 'number' ? from - 1 : from === 'all' ? 0 : null;
      this.file
        .sql(
          `INSERT INTO obverse_readers (queue, reader, last, attempt, due) VALUES (?, ?,
            coalesce(?, (SELECT max(id) FROM obverse_tasks WHERE queue = ? AND ${HIGHEST}), 0), 0, 0) ON CONFLICT DO NOTHING`,
        )
        .run(queue, reader, begin, queue);
      const row = this.file
        .sql(
          `UPDATE obverse_readers SET worker = ?, due = ${NOW} + ? WHERE queue = ? AND reader = ?
            AND (worker IS NULL OR worker = ? OR due <= ${NOW}) RETURNING last, attempt`,
        )
        .all(worker, lease, queue, reader, worker);
      return row[0] as Place | undefined;
    });
  }

  remember(
    reader: string,
    { worker, lease }: Terms,
    { last, attempt }: Place,
    left?: { error: string },
  ): Promise<boolean> {
    const { queue } = this.plan;
    return this.file.atomic(() => {
      const { changes } = this.file
        .sql(
          `UPDATE obverse_readers SET last = ?, attempt = ?, due = ${NOW} + ? WHERE queue = ? AND reader = ? AND worker = ?`,
        )
        .run(last, attempt, lease, queue, reader, worker);
      if (Number(changes) === 0) return false;
      if (left !== undefined)
        this.file
          .sql(`INSERT OR REPLACE INTO obverse_unread (queue, reader, task, error, ended) VALUES (?, ?, ?, ?, ${NOW})`)
          .run(queue, reader, last, left.error);
      return true;
    });
  }

  async release(reader: string, worker: string, { last, attempt }: Place): Promise<void> {
    const { queue } = this.plan;
    await this.file.atomic(() =>
      this.file
        .sql(
          'UPDATE obverse_readers SET last = ?, attempt = ?, worker = NULL, due = 0 WHERE queue = ? AND reader = ? AND worker = ?',
        )
        .run(last, attempt, queue, reader, worker),
    );
    this.file.tell();
  }

  read({ last: after }: Place, most: number, bytes: number): Promise<Page> {
    return this.file.patiently(() => {
      const rows = this.file
        .sql(
          `SELECT ${this.columns} FROM obverse_tasks WHERE id IN (
            SELECT id FROM (SELECT id, sum(size) OVER (ORDER BY id) - size AS before FROM (
              SELECT id, ${SIZE} AS size FROM obverse_tasks WHERE queue = ? AND id > ? AND ${HIGHEST} ORDER BY id LIMIT ?))
            WHERE before < ?) ORDER BY id`,
        )
        .all(this.plan.queue, after, most, bytes) as Row[];
      return { tasks: rows.map((row) => taskOf(row, 0)), isHidden: false };
    });
  }

  stats(reader: string | undefined): Promise<Readonly<Record<string, number>>> {
    const { queue } = this.plan;
    const { file } = this;
    return file.patiently(() => {
      const row = reader === undefined ? file.sql(COUNTS).get(queue) : file.sql(READER_COUNTS).get(queue, reader);
      // libsql adds a member of its own to each row.
      const { waiting, taken, dead, oldest } = row as Readonly<Record<'waiting' | 'taken' | 'dead' | 'oldest', number>>;
      return { waiting, taken, dead, oldest };
    });
  }
}
