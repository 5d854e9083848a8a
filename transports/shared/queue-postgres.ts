import { time } from '../../src/base/time.js';
import { bytesOf } from './queue-frames.js';
import { cannotOpen, isPassing, PostgresClient } from './queue-postgres-client.js';
import { PostgresReaders, type Row } from './queue-postgres-readers.js';
import { ms, NOW } from './queue-postgres-schema.js';
import {
  type Body,
  type Changed,
  type Claimed,
  type Ended,
  killedEachTime,
  type NewTask,
  type Store,
  type Stored,
  type StorePlan,
  type Terms,
  type Verdict,
} from './queue-store.js';

/** How many tasks become due at a time. */
const DUE_AT_ONCE = 1_000;
/** After how many ms it is looked for tasks that have become due, although others wait. */
const DUE_MS = 1_000;
/** A notification has at most 8,000 bytes. */
const MOST_TOLD = 7_900;

/** An insert that may have to be made again. */
interface Batch {
  readonly id: string;
  /** Its tasks have higher numbers. */
  readonly after: number;
}

interface StoredRow {
  readonly id: string;
  readonly key: string | null;
  readonly method: string;
}

/** Tasks in a database of PostgreSQL, for many machines. The time is that of the server alone. */
export class PostgresStore extends PostgresReaders implements Store {
  private readonly batches = new WeakMap<readonly NewTask[], Batch>();
  /** A number that no task of this side had before. */
  private last = 0;
  private dueSince = 0;

  private constructor(
    client: PostgresClient,
    plan: StorePlan,
    private readonly channel: string,
  ) {
    super(client, plan);
  }

  /** `options` are those of the package `pg`. */
  static async open(options: object, plan: StorePlan): Promise<PostgresStore> {
    const channel = `obverse_${plan.queue}`;
    let client: PostgresClient | undefined;
    try {
      client = await PostgresClient.open(options, channel, plan.patience);
      const store = new PostgresStore(client, plan, channel);
      if (plan.writes) {
        const [row] = await client.rows<{ last: string }>('SELECT coalesce(max(id), 0) AS last FROM obverse_tasks');
        store.last = Number(row?.last ?? 0);
      }
      return store;
    } catch (cause) {
      await client?.close();
      throw cannotOpen(plan.address, cause);
    }
  }

  async insert(tasks: readonly NewTask[]): Promise<readonly Stored[]> {
    const before = this.batches.get(tasks);
    const batch = before ?? { id: globalThis.crypto.randomUUID(), after: this.last };
    this.batches.set(tasks, batch);
    // The answer to an earlier attempt may have been lost, and not the tasks.
    const found = before === undefined ? [] : await this.storedIn(batch);
    const rows = found.length > 0 ? found : await this.write(tasks, batch);
    for (const { id } of rows) this.last = Math.max(this.last, Number(id));
    return this.relate(tasks, rows);
  }

  private storedIn({ id, after }: Batch): Promise<readonly StoredRow[]> {
    return this.client.rows<StoredRow>(
      'SELECT id, key, method FROM obverse_tasks WHERE id > $1 AND queue = $2 AND batch = $3 ORDER BY id',
      [after, this.plan.queue, id],
    );
  }

  private write(tasks: readonly NewTask[], { id }: Batch): Promise<readonly StoredRow[]> {
    const { queue, keep, forReaders } = this.plan;
    const column = <T>(of: (task: NewTask) => T): T[] => tasks.map(of);
    // Most calls say nothing of how they are delivered: what is not sent is null.
    const sparse = <T>(of: (task: NewTask) => T | null): (T | null)[] | null =>
      tasks.some((task) => of(task) !== null) ? tasks.map(of) : null;
    return this.client.rows<StoredRow>(
      `WITH made AS (INSERT INTO obverse_tasks
          (queue, state, due, priority, method, body, asks, key, attempts, keep, stored, expires, written, batch)
        SELECT $1, CASE WHEN $9 THEN 'done' WHEN delay > 0 THEN 'delayed' ELSE 'waiting' END, ${NOW} + ${ms('coalesce(delay, 0)')}, coalesce(priority, 0),
          method, body, asks, key, attempts, $10::bigint, ${NOW}, CASE WHEN $9 THEN ${NOW} + ${ms('$10::bigint')} END,
          pg_current_xact_id(), $11::uuid
        FROM unnest($2::text[], $3::bytea[], $4::bool[], $5::text[], $6::float8[], $7::int[], $8::int[])
          WITH ORDINALITY AS t(method, body, asks, key, delay, priority, attempts, n)
        ORDER BY n ON CONFLICT DO NOTHING RETURNING id, key, method),
      told AS MATERIALIZED (SELECT pg_notify($12, 'w'))
      SELECT id, key, method FROM made, told ORDER BY id`,
      [
        queue,
        column(({ method }) => method),
        column(({ body }) => bufferOf(body)),
        column(({ asks }) => asks),
        sparse(({ key }) => key ?? null),
        sparse(({ delay }) => delay || null),
        sparse(({ priority }) => priority || null),
        sparse(({ attempts }) => attempts ?? null),
        ...[forReaders, keep, id, this.channel],
      ],
    );
  }

  /** The rows that were made belong to the tasks without a key, in their order, and to the first one with each key. Others are older. */
  private async relate(tasks: readonly NewTask[], rows: readonly StoredRow[]): Promise<readonly Stored[]> {
    const keyless = rows.filter(({ key }) => key === null).values();
    const made = new Map(rows.flatMap((row) => (row.key === null ? [] : [[row.key, row] as const])));
    const isMade = new Set(made.keys());
    const missing = [...new Set(tasks.flatMap(({ key }) => (key === undefined || made.has(key) ? [] : [key])))];
    if (missing.length > 0) {
      const older = await this.client.rows<StoredRow>(
        'SELECT id, key, method FROM obverse_tasks WHERE queue = $1 AND key = ANY($2::text[])',
        [this.plan.queue, missing],
      );
      for (const row of older) made.set(row.key as string, row);
    }
    return tasks.map(({ key, method }) => {
      const row = key === undefined ? keyless.next().value : made.get(key);
      // It was removed in between, at the end of its time.
      if (row === undefined) return { id: 0, method, isOld: true };
      return { id: Number(row.id), method: row.method, isOld: key !== undefined && !isMade.delete(key) };
    });
  }

  // ---- work ---------------------------------------------------------------------------------------------------------

  async claim(terms: Terms, most: number, bytes: number): Promise<Claimed> {
    const tasks = await this.take(terms, most, bytes);
    if (tasks.length > 0 && time() - this.dueSince < DUE_MS) return { tasks, dead: [] };
    this.dueSince = time();
    const { dead, waits } = await this.makeDue(terms);
    if (!waits || tasks.length > 0) return { tasks, dead };
    return { tasks: await this.take(terms, most, bytes), dead };
  }

  /** Delayed tasks whose time has come wait now, and so do those whose workers are gone; some of these are dead. */
  private async makeDue({ attempts }: Terms): Promise<{ readonly dead: Claimed['dead']; readonly waits: boolean }> {
    const isDead = "due.state = 'taken' AND due.attempt >= coalesce(due.attempts, $2::int)";
    const rows = await this.client.rows<{ id: string | null; error: string }>(
      `WITH due AS MATERIALIZED (SELECT id, state, attempt, attempts FROM obverse_tasks
          WHERE queue = $1 AND state IN ('delayed', 'taken') AND due <= ${NOW} ORDER BY due LIMIT ${DUE_AT_ONCE} FOR UPDATE SKIP LOCKED),
        dead AS (UPDATE obverse_tasks t SET state = 'dead', worker = NULL, ended = ${NOW},
          error = '${killedEachTime("' || coalesce(t.attempts, $2::int) || '")}' FROM due WHERE t.id = due.id AND ${isDead} RETURNING t.id, t.error),
        back AS (UPDATE obverse_tasks t SET state = 'waiting', worker = NULL FROM due WHERE t.id = due.id AND NOT (${isDead}) RETURNING t.id)
      SELECT id, error FROM dead UNION ALL SELECT NULL, '' FROM (SELECT count(*) AS n FROM back) AS c WHERE n > 0`,
      [this.plan.queue, attempts],
    );
    const dead = rows.flatMap(({ id, error }) => (id === null ? [] : [{ id: Number(id), error }]));
    if (dead.length > 0) await this.tell(dead.map(({ id }) => id));
    return { dead, waits: rows.length > dead.length };
  }

  private async tell(ended: readonly number[]): Promise<void> {
    const ids = ended.join(',');
    const told = ids.length <= MOST_TOLD ? `e${ids}` : '';
    await this.client.rows('SELECT pg_notify($1, $2)', [this.channel, told]);
  }

  private async take({ worker, lease, attempts }: Terms, most: number, bytes: number): Promise<Claimed['tasks']> {
    const rows = await this.client.rows<Row & { priority: number }>(
      `WITH free AS MATERIALIZED (SELECT id, priority, octet_length(body) AS size FROM obverse_tasks
          WHERE queue = $1 AND state = 'waiting' ORDER BY priority DESC, id LIMIT $2 FOR UPDATE SKIP LOCKED),
        fits AS (SELECT id FROM (SELECT id, sum(size) OVER (ORDER BY priority DESC, id) - size AS before FROM free) AS s WHERE before < $3)
      UPDATE obverse_tasks t SET state = 'taken', worker = $4, due = ${NOW} + ${ms('$5::float8')}, attempt = t.attempt + 1
        FROM fits WHERE t.id = fits.id RETURNING ${this.columns}, t.priority`,
      [this.plan.queue, most, bytes, worker, lease],
    );
    const inOrder = [...rows].sort((a, b) => b.priority - a.priority || Number(a.id) - Number(b.id));
    return inOrder.map((row) => this.task(row, attempts));
  }

  async settle(worker: string, verdicts: readonly Verdict[]): Promise<void> {
    const column = <T>(of: (verdict: Verdict) => T): T[] => verdicts.map(of);
    await this.client.rows(
      `WITH v AS (SELECT * FROM unnest($2::bigint[], $3::int[], $4::text[], $5::float8[], $6::bytea[], $7::text[], $8::int[])
          AS v(id, attempt, state, wait, answer, error, back)),
        settled AS (UPDATE obverse_tasks t SET state = v.state, due = ${NOW} + ${ms('v.wait')}, answer = v.answer, error = v.error,
          attempt = t.attempt - v.back, worker = NULL, ended = CASE WHEN v.state IN ('done', 'dead') THEN ${NOW} END,
          expires = CASE WHEN v.state = 'done' THEN ${NOW} + ${ms('t.keep')} END
          FROM v WHERE t.id = v.id AND t.attempt = v.attempt AND t.worker = $1 AND t.state = 'taken' RETURNING t.id, t.asks, t.state),
        told AS (SELECT string_agg(id::text, ',') FILTER (WHERE asks AND state IN ('done', 'dead')) AS ids,
          bool_or(state = 'waiting') AS waits FROM settled)
      SELECT CASE WHEN ids IS NOT NULL THEN pg_notify($9, CASE WHEN length(ids) <= ${MOST_TOLD} THEN 'e' || ids ELSE '' END) END,
        CASE WHEN waits THEN pg_notify($9, 'w') END FROM told`,
      [
        worker,
        column(({ task }) => task.id),
        column(({ task }) => task.attempt),
        column(({ state, wait }) =>
          state === 'again' || state === 'back' ? (wait > 0 ? 'delayed' : 'waiting') : state,
        ),
        column(({ wait }) => wait),
        column(({ answer }) => (answer === undefined ? null : bufferOf(answer))),
        column(({ error }) => error?.replaceAll('\0', '') ?? null),
        column(({ state }) => (state === 'back' ? 1 : 0)),
        this.channel,
      ],
    );
  }

  async renew({ worker, lease }: Terms, ids: readonly number[]): Promise<ReadonlySet<number>> {
    const rows = await this.client.rows<{ id: string }>(
      `UPDATE obverse_tasks SET due = ${NOW} + ${ms('$3::float8')} WHERE id = ANY($1::bigint[]) AND worker = $2 AND state = 'taken' RETURNING id`,
      [ids, worker, lease],
    );
    return new Set(rows.map(({ id }) => Number(id)));
  }

  async ended(ids: readonly number[], bytes: number): Promise<readonly Ended[]> {
    const rows = await this.client.rows<{
      readonly id: string;
      readonly state: Ended['state'];
      readonly answer: Uint8Array | null;
      readonly size: number;
      readonly error: string | null;
    }>(
      `SELECT id, coalesce(state, 'gone') AS state, CASE WHEN size <= $3 THEN answer END AS answer, size, error FROM (
        SELECT asked.id, t.state, t.answer, coalesce(octet_length(t.answer), 0) AS size, t.error,
          sum(coalesce(octet_length(t.answer), 0)) OVER (ORDER BY asked.id) AS upto
          FROM unnest($1::bigint[]) AS asked(id) LEFT JOIN obverse_tasks t ON t.id = asked.id
          WHERE t.id IS NULL OR t.state IN ('done', 'dead')) AS s
      WHERE upto - size < $2`,
      [ids, bytes, this.plan.mostBytes],
    );
    return rows.map(({ id, answer, error, ...rest }) => ({
      ...{ ...rest, id: Number(id) },
      ...{ answer: this.body(answer), error: error ?? undefined },
    }));
  }

  async next(): Promise<number> {
    const [row] = await this.client.rows<{ ms: number | null }>(
      `SELECT (extract(epoch FROM min(due) - ${NOW}) * 1000)::float8 AS ms FROM obverse_tasks
        WHERE queue = $1 AND state IN ('delayed', 'taken') AND isfinite(due)`,
      [this.plan.queue],
    );
    return row?.ms == null ? Number.POSITIVE_INFINITY : Math.max(0, row.ms);
  }

  // ---- all ----------------------------------------------------------------------------------------------------------

  sweep(most: number): Promise<number> {
    return this.client.count(
      `DELETE FROM obverse_tasks WHERE id IN (SELECT id FROM obverse_tasks
        WHERE queue = $1 AND expires IS NOT NULL AND expires <= ${NOW} LIMIT $2 FOR UPDATE SKIP LOCKED)`,
      [this.plan.queue, most],
    );
  }

  isPassing(error: unknown): boolean {
    return isPassing(error);
  }

  /** Notifications: `w`, tasks wait; `e` and numbers, these have ended; nothing, anything may have changed. */
  watch(changed: Changed): void {
    this.client.watch((told) => {
      if (told?.startsWith('e')) {
        if (this.plan.writes) changed(told.slice(1).split(',').map(Number));
      } else if (told !== 'w' || !this.plan.writes) changed();
    });
  }

  close(): Promise<void> {
    return this.client.close();
  }
}

/** The package knows bytes by the class of Node. */
function bufferOf(body: Body): Uint8Array {
  const { buffer, byteOffset, length } = bytesOf(body);
  return Buffer.from(buffer, byteOffset, length);
}
