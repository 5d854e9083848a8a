import { UsageError } from '../../../../src/contract/errors.js';
import type { Changed, Ended, NewTask, Store, Stored, StorePlan } from '../store.js';
import { cannotOpen, isPassing, isUnanswered, PostgresClient } from './client.js';
import { mendMoved } from './moved.js';
import { HIGHEST } from './readers.js';
import { ms, NOW } from './schema.js';
import { PostgresWork } from './work.js';

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
export class PostgresStore extends PostgresWork implements Store {
  private readonly batches = new WeakMap<readonly NewTask[], Batch>();
  /** A number that no task of this side had before. */
  private last = 0;

  private constructor(
    client: PostgresClient,
    plan: StorePlan,
    protected readonly channel: string,
  ) {
    super(client, plan);
  }

  /** `options` are those of the package `pg`. */
  static async open(options: object, plan: StorePlan): Promise<PostgresStore> {
    const channel = `obverse_${plan.queue}`;
    let client: PostgresClient | undefined;
    try {
      client = await PostgresClient.open(options, channel, plan.patience);
      await mendMoved(client, plan.queue);
      const store = new PostgresStore(client, plan, channel);
      if (plan.writes) {
        const [row] = await client.rows<{ last: string }>(
          `SELECT coalesce(max(id), 0) AS last FROM obverse_tasks WHERE ${HIGHEST}`,
        );
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
    if (this.last > Number.MAX_SAFE_INTEGER)
      throw new UsageError(
        `task ${this.last} has a number over ${Number.MAX_SAFE_INTEGER}, which no worker takes: remove such rows, and lower the sequence, as in SELECT setval('obverse_tasks_id_seq', 1000000)`,
      );
    return this.relate(tasks, rows);
  }

  private storedIn({ id, after }: Batch): Promise<readonly StoredRow[]> {
    return this.client.rows<StoredRow>(
      'SELECT id, key, method FROM obverse_tasks WHERE id > $1 AND queue = $2 AND batch = $3 ORDER BY id',
      [after, this.plan.queue, id],
    );
  }

  private async write(tasks: readonly NewTask[], { id }: Batch): Promise<readonly StoredRow[]> {
    const { queue, keep, forReaders } = this.plan;
    // Most calls say nothing of how they are delivered: what is not sent is null.
    const sparse = <T>(of: (task: NewTask) => T | null): (T | null)[] | null =>
      tasks.some((task) => of(task) !== null) ? tasks.map(of) : null;
    const { joined, begins, sizes } = joinedBodies(tasks);
    const keys = sparse(({ key }) => key ?? null);
    // To look for conflicts costs as much as an index.
    const conflict = keys === null ? '' : 'ON CONFLICT (queue, key) WHERE key IS NOT NULL DO NOTHING';
    // Without keys, there is a row for each task: their numbers are enough, in one row.
    const result =
      keys === null
        ? `SELECT string_agg(id::text, ',' ORDER BY id) AS ids FROM made, told`
        : 'SELECT id, key, method FROM made, told ORDER BY id';
    const rows = await this.client.rows<StoredRow & { readonly ids?: string | null }>(
      `WITH made AS (INSERT INTO obverse_tasks
          (queue, state, due, priority, method, body, asks, key, attempts, keep, stored, expires, written, batch)
        SELECT $1, CASE WHEN $11 THEN 'done' WHEN delay > 0 THEN 'delayed' ELSE 'waiting' END, ${NOW} + ${ms('coalesce(delay, 0)')}, coalesce(priority, 0),
          method, substring($2::bytea FROM begin + 1 FOR size), coalesce(asks, false), key, attempts, $12::bigint, ${NOW},
          CASE WHEN $11 THEN ${NOW} + ${ms('$12::bigint')} END, pg_current_xact_id(), $13::uuid
        FROM unnest($3::int[], $4::int[], $5::text[], $6::bool[], $7::text[], $8::float8[], $9::int[], $10::int[])
          WITH ORDINALITY AS t(begin, size, method, asks, key, delay, priority, attempts, n)
        ORDER BY n ${conflict} RETURNING id, key, method),
      told AS MATERIALIZED (SELECT pg_notify($14, 'w'))
      ${result}`,
      [
        ...[queue, joined, begins, sizes],
        tasks.map(({ method }) => method),
        sparse(({ asks }) => asks || null),
        keys,
        sparse(({ delay }) => delay || null),
        sparse(({ priority }) => priority || null),
        sparse(({ attempts }) => attempts ?? null),
        ...[forReaders, keep, id, this.channel],
      ],
    );
    if (keys !== null) return rows;
    return (rows[0]?.ids?.split(',') ?? []).map((id) => ({ id, key: null, method: '' }));
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
      const isOld = key !== undefined && !isMade.delete(key);
      return { id: Number(row.id), method: isOld ? row.method : method, isOld };
    });
  }

  // ---- answers ------------------------------------------------------------------------------------------------------

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

  // ---- all ----------------------------------------------------------------------------------------------------------

  sweep(most: number): Promise<number> {
    return this.client.count(
      `DELETE FROM obverse_tasks WHERE id = ANY (ARRAY(SELECT id FROM obverse_tasks
        WHERE queue = $1 AND expires IS NOT NULL AND expires <= ${NOW} LIMIT $2 FOR UPDATE SKIP LOCKED))`,
      [this.plan.queue, most],
    );
  }

  isPassing(error: unknown): boolean {
    return isPassing(error);
  }

  mayHaveStored(error: unknown): boolean {
    return isUnanswered(error);
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

/** The bodies of tasks as one value: as an array, each of them would be written in hexadecimal digits. */
function joinedBodies(tasks: readonly NewTask[]): { joined: Uint8Array; begins: number[]; sizes: number[] } {
  const bodies = tasks.map(({ body }) => (typeof body === 'string' ? Buffer.from(body) : body));
  const sizes = bodies.map(({ length }) => length);
  let end = 0;
  const begins = sizes.map((size) => {
    end += size;
    return end - size;
  });
  return { joined: Buffer.concat(bodies), begins, sizes };
}
