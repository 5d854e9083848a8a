import {
  type Body,
  type Changed,
  type Claimed,
  type Ended,
  type Exchange,
  type Exchanged,
  HELD_MS,
  killedEachTime,
  type NewTask,
  type Renewed,
  type Store,
  type Stored,
  type StorePlan,
  type Task,
  type Terms,
  type Verdict,
} from '../store.js';
import { isBusy } from './driver.js';
import { SqliteFile } from './file.js';
import { HIGHEST, type Row, SIZE, SqliteReaders, taskOf } from './readers.js';
import { NOW } from './schema.js';

/** How many tasks become due in one transaction. */
const DUE_AT_ONCE = 1_000;
/** Whether a task has a number that is too high, or the next one would get it. */
const IS_OVER = `SELECT EXISTS (SELECT 1 FROM obverse_tasks WHERE id > ${Number.MAX_SAFE_INTEGER})
  OR EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'obverse_tasks' AND seq >= ${Number.MAX_SAFE_INTEGER}) AS isOver`;
/** No time is later: a text and bytes are, to SQLite, and are never due. */
const LATEST = Number.MAX_SAFE_INTEGER;
/**
 * A partial index is used only where its condition stands in the query word by word. The plus keeps SQLite from another index, of all tasks
 * of the queue, which it would read from end to end for the few that wait.
 */
const IS_WAITING = `queue = ? AND state = 'waiting' AND +${HIGHEST}`;
const IS_DUE = `queue = ? AND state IN ('delayed', 'taken') AND due <= ${NOW} AND +${HIGHEST}`;

/** Tasks in a file of SQLite, for the processes of one machine. */
export class SqliteStore extends SqliteReaders implements Store {
  readonly isHere = true;

  static async open(path: string, plan: StorePlan): Promise<SqliteStore> {
    return new SqliteStore(await SqliteFile.open(path, plan.writes, plan.patience), plan);
  }

  async insert(tasks: readonly NewTask[]): Promise<readonly Stored[]> {
    const { queue, keep, forReaders } = this.plan;
    const stored = await this.file.atomic(() => {
      const insert = this.file.sql(
        `INSERT INTO obverse_tasks (queue, state, due, priority, method, body, asks, key, attempts, keep, stored, expires)
          VALUES (?, ?, ${NOW} + ?, ?, ?, ?, ?, ?, ?, ?, ${NOW}, CASE ? WHEN 1 THEN ${NOW} + ? END) ON CONFLICT DO NOTHING`,
      );
      const older = this.file.sql(
        'SELECT CAST(id AS REAL) AS id, method FROM obverse_tasks WHERE queue = ? AND key = ?',
      );
      const store = ({ method, body, asks, key, delay, priority, attempts }: NewTask): Stored => {
        const state = forReaders ? 'done' : delay > 0 ? 'delayed' : 'waiting';
        const { changes, lastInsertRowid } = insert.run(
          ...[queue, state, delay, priority, method, body, asks ? 1 : 0, key ?? null, attempts ?? null, keep],
          ...[forReaders ? 1 : 0, keep],
        );
        if (Number(changes) > 0) return { id: mustBeReadable(Number(lastInsertRowid)), method, isOld: false };
        const before = older.get(queue, key as string) as { id: number; method: string };
        return { id: mustBeReadable(before.id), method: before.method, isOld: true };
      };
      try {
        return tasks.map(store);
      } catch (error) {
        // Behind the highest number of all, SQLite reports that the disk is full.
        if (this.isOver()) mustBeReadable(Number.POSITIVE_INFINITY);
        throw error;
      }
    });
    this.file.tell();
    return stored;
  }

  private isOver(): boolean {
    try {
      return (this.file.sql(IS_OVER).get() as { isOver: number }).isOver !== 0;
    } catch {
      // The disk may be full, or gone: that is what is to be said.
      return false;
    }
  }

  async exchange(terms: Terms, { verdicts, most, bytes }: Exchange): Promise<Exchanged> {
    if (verdicts.length > 0) await this.settle(terms.worker, verdicts);
    if (most <= 0) return { tasks: [], dead: [], held: [], next: Number.POSITIVE_INFINITY };
    const claimed = await this.claim(terms, most, bytes);
    const { tasks, dead } = claimed;
    if (tasks.length === most || dead.length > 0)
      return { ...claimed, held: [], next: tasks.length < most ? 0 : Number.POSITIVE_INFINITY };
    try {
      const due = await this.next();
      return { ...claimed, held: [], next: tasks.length > 0 || due > 0 ? due : HELD_MS };
    } catch (failure) {
      // What was taken is to be worked on.
      return { ...claimed, held: [], next: HELD_MS, failure };
    }
  }

  async claim(terms: Terms, most: number, bytes: number): Promise<Claimed> {
    const { queue } = this.plan;
    const { waits, isDue } = await this.file.patiently(
      () =>
        this.file
          .sql(
            `SELECT EXISTS (SELECT 1 FROM obverse_tasks WHERE ${IS_WAITING}) AS waits,
              EXISTS (SELECT 1 FROM obverse_tasks WHERE ${IS_DUE}) AS isDue`,
          )
          .get(queue, queue) as { waits: number; isDue: number },
    );
    // Only who writes takes the lock.
    if (waits === 0 && isDue === 0) return { tasks: [], dead: [] };
    return this.file.atomic(() => ({
      dead: isDue === 0 ? [] : this.makeDue(terms),
      tasks: this.take(terms, most, bytes),
    }));
  }

  /** Delayed tasks whose time has come wait now, and so do those whose workers are gone; some of these are dead. */
  private makeDue({ attempts }: Terms): Claimed['dead'] {
    const { queue } = this.plan;
    const due = `SELECT id FROM obverse_tasks WHERE ${IS_DUE} ORDER BY due LIMIT ${DUE_AT_ONCE}`;
    const isDead = "state = 'taken' AND attempt >= coalesce(attempts, ?)";
    const rows = this.file
      .sql(
        `UPDATE obverse_tasks SET state = 'dead', worker = NULL, ended = ${NOW},
          error = '${killedEachTime("' || CAST(coalesce(attempts, ?) AS INTEGER) || '")}'
          WHERE id IN (${due}) AND ${isDead} RETURNING id, error`,
      )
      .all(attempts, queue, attempts) as { id: number; error: string }[];
    // By now, others are among the first that are due: of these, those stay that are to be dead next.
    this.file
      .sql(`UPDATE obverse_tasks SET state = 'waiting', worker = NULL WHERE id IN (${due}) AND NOT (${isDead})`)
      .run(queue, attempts);
    return rows;
  }

  private take({ worker, lease, attempts }: Terms, most: number, bytes: number): readonly Task[] {
    const rows = this.file
      .sql(
        `UPDATE obverse_tasks SET state = 'taken', worker = ?, due = ${NOW} + ?, attempt = attempt + 1 WHERE id IN (
          SELECT id FROM (SELECT id, sum(size) OVER (ORDER BY priority DESC, id) - size AS before FROM (
            SELECT id, priority, ${SIZE} AS size FROM obverse_tasks WHERE ${IS_WAITING} ORDER BY priority DESC, id LIMIT ?))
          WHERE before < ?) RETURNING ${this.columns}, CAST(priority AS REAL) AS priority`,
      )
      .all(worker, lease, this.plan.queue, most, bytes) as (Row & { priority: number })[];
    rows.sort((a, b) => b.priority - a.priority || a.id - b.id);
    return rows.map((row) => taskOf(row, attempts));
  }

  async settle(worker: string, verdicts: readonly Verdict[]): Promise<void> {
    await this.file.atomic(() => {
      this.settlePlain(worker, verdicts.filter(isPlain));
      const owned = "WHERE id = ? AND worker = ? AND attempt = ? AND state = 'taken'";
      const end = this.file.sql(
        `UPDATE obverse_tasks SET state = ?, answer = ?, error = ?, ended = ${NOW}, expires = CASE ? WHEN 'done' THEN ${NOW} + keep END,
          worker = NULL ${owned}`,
      );
      const again = this.file.sql(
        `UPDATE obverse_tasks SET state = ?, due = ${NOW} + ?, attempt = attempt - ?, error = ?, worker = NULL ${owned}`,
      );
      for (const verdict of verdicts) {
        if (isPlain(verdict)) continue;
        const { task, state, wait, answer = null, error = null } = verdict;
        if (state === 'done' || state === 'dead') end.run(state, answer, error, state, task.id, worker, task.attempt);
        else {
          const next = wait > 0 ? 'delayed' : 'waiting';
          again.run(next, wait, state === 'back' ? 1 : 0, error, task.id, worker, task.attempt);
        }
      }
    });
    // Nobody waits for the others.
    if (verdicts.some(({ task, state }) => task.asks || state === 'again' || state === 'back')) this.file.tell();
  }

  /** One statement for all of an attempt takes a third of the time. */
  private settlePlain(worker: string, verdicts: readonly Verdict[]): void {
    const done = this.file.sql(
      `UPDATE obverse_tasks SET state = 'done', answer = NULL, error = NULL, ended = ${NOW}, expires = ${NOW} + keep, worker = NULL
        WHERE id IN (SELECT value FROM json_each(?)) AND worker = ? AND attempt = ? AND state = 'taken'`,
    );
    for (const attempt of new Set(verdicts.map(({ task }) => task.attempt))) {
      const ids = verdicts.flatMap(({ task }) => (task.attempt === attempt ? task.id : []));
      done.run(JSON.stringify(ids), worker, attempt);
    }
  }

  renew({ worker, lease }: Terms, ids: readonly number[]): Promise<Renewed> {
    return this.file.atomic(() => {
      const rows = this.file
        .sql(
          `UPDATE obverse_tasks SET due = ${NOW} + ? WHERE id IN (SELECT value FROM json_each(?)) AND worker = ? AND state = 'taken' RETURNING id`,
        )
        .all(lease, JSON.stringify(ids), worker) as { id: number }[];
      return { kept: new Set(rows.map(({ id }) => id)), held: [] };
    });
  }

  ended(ids: readonly number[], bytes: number): Promise<readonly Ended[]> {
    const { mostBytes } = this.plan;
    return this.file.patiently(() =>
      (
        this.file
          .sql(
            `SELECT id, coalesce(state, 'gone') AS state, CASE WHEN size <= ? THEN answer END AS answer, size, error FROM (
              SELECT asked.value AS id, t.state, t.answer, coalesce(octet_length(t.answer), 0) AS size, t.error,
                sum(coalesce(octet_length(t.answer), 0)) OVER (ORDER BY asked.value) AS upto
                FROM json_each(?) AS asked LEFT JOIN obverse_tasks AS t ON t.id = asked.value
                WHERE t.id IS NULL OR t.state IN ('done', 'dead'))
            WHERE upto - size < ?`,
          )
          .all(mostBytes, JSON.stringify(ids), bytes) as (Omit<Ended, 'answer' | 'error'> & {
          answer: Body | null;
          error: string | null;
        })[]
      ).map(({ answer, error, ...rest }) => ({ ...rest, answer: answer ?? undefined, error: error ?? undefined })),
    );
  }

  async next(): Promise<number> {
    return this.file.patiently(() => {
      const row = this.file
        .sql(
          `SELECT CAST(min(due) - ${NOW} AS REAL) AS ms FROM obverse_tasks WHERE queue = ? AND state IN ('delayed', 'taken') AND due <= ${LATEST} AND +${HIGHEST}`,
        )
        .get(this.plan.queue) as { ms: number | null };
      return row.ms === null ? Number.POSITIVE_INFINITY : Math.max(0, row.ms);
    });
  }

  // ---- all ----------------------------------------------------------------------------------------------------------

  sweep(most: number): Promise<number> {
    const { queue } = this.plan;
    const expired = `queue = ? AND expires IS NOT NULL AND expires <= ${NOW}`;
    return this.file.patiently(() => {
      const { found } = this.file
        .sql(`SELECT EXISTS (SELECT 1 FROM obverse_tasks WHERE ${expired}) AS found`)
        .get(queue) as { found: number };
      if (found === 0) return 0;
      const { changes } = this.file
        .sql(`DELETE FROM obverse_tasks WHERE id IN (SELECT id FROM obverse_tasks WHERE ${expired} LIMIT ?)`)
        .run(queue, most);
      return Number(changes);
    });
  }

  isPassing(error: unknown): boolean {
    return isBusy(error);
  }

  watch(changed: Changed): void {
    this.file.watch(() => changed());
  }

  async close(): Promise<void> {
    this.file.close();
  }
}

/** A number of a task; throws if it is too high to be read. The tasks would be stored, and no worker would see them. */
function mustBeReadable(id: number): number {
  if (id <= Number.MAX_SAFE_INTEGER) return id;
  throw new Error(
    `the table obverse_tasks has a task with an id over ${Number.MAX_SAFE_INTEGER}, so those of new tasks would be too high: delete it, and then: UPDATE sqlite_sequence SET seq = (SELECT max(id) FROM obverse_tasks) WHERE name = 'obverse_tasks'`,
  );
}

/** A task that is done, and that nobody has asked for. */
function isPlain({ state, answer, error }: Verdict): boolean {
  return state === 'done' && answer === undefined && error === undefined;
}
