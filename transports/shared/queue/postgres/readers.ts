import { bytesOf } from '../frames.js';
import type { Body, Page, Place, StorePlan, Task, Terms } from '../store.js';
import type { PostgresClient } from './client.js';
import { ReadingOrder } from './order.js';
import { ms, NOW } from './schema.js';

/** A task as it is read: numbers of 64 bits are texts. */
export interface Row {
  readonly id: string;
  readonly body: Uint8Array | null;
  readonly size: number;
  readonly asks: boolean;
  readonly attempt: number;
  readonly attempts: number | null;
  readonly key: string | null;
  /** In ms since 1970: a date would be read by a parser that others may have replaced. */
  readonly stored: number;
  readonly mark?: string;
}

/** A row with a higher number is left alone: it cannot be distinguished from others. */
export const HIGHEST = `id <= ${Number.MAX_SAFE_INTEGER}`;
/** In `written`: the reader begins with a task that is not there yet. */
export const AHEAD = '9223372036854775807';

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** A row with this is seen, although no transaction of this server can have written it: it was restored from another server. */
export function isMoved(row: string): string {
  return `(${row}.written >= pg_snapshot_xmax(pg_current_snapshot()) AND ${row}.written <> '${AHEAD}'::xid8)`;
}
/** Everything up to here is visible, or never will be: no transaction before it is still open. */
const VISIBLE = 'written < pg_snapshot_xmin(pg_current_snapshot())';
/** Tasks are read in the order of their transactions: a number is given before its task can be seen, so numbers may appear out of order. */
const BEHIND = `queue = $1 AND (written, id) > ($2::text::xid8, $3::bigint) AND ${HIGHEST}`;

const COUNTS = `SELECT
  (SELECT count(*) FROM obverse_tasks WHERE queue = $1 AND state = 'waiting')
    + (SELECT count(*) FROM obverse_tasks WHERE queue = $1 AND state IN ('delayed', 'taken') AND state = 'delayed') AS waiting,
  (SELECT count(*) FROM obverse_tasks WHERE queue = $1 AND state IN ('delayed', 'taken') AND state = 'taken') AS taken,
  (SELECT count(*) FROM obverse_tasks WHERE queue = $1 AND state = 'dead') AS dead,
  (SELECT round(extract(epoch FROM ${NOW} - min(stored)) * 1000) FROM obverse_tasks WHERE queue = $1 AND state = 'waiting' AND isfinite(stored)) AS oldest`;

const UNREAD = `FROM obverse_tasks t WHERE t.queue = $1 AND t.${HIGHEST} AND NOT EXISTS (SELECT 1 FROM obverse_readers r
  WHERE r.queue = $1 AND r.reader = $2 AND (t.written, t.id) <= (r.written, r.last))`;
const READER_COUNTS = `SELECT
  (SELECT count(*) ${UNREAD}) AS waiting, 0 AS taken,
  (SELECT count(*) FROM obverse_unread WHERE queue = $1 AND reader = $2) AS dead,
  (SELECT round(extract(epoch FROM ${NOW} - min(stored)) * 1000) ${UNREAD} AND isfinite(stored)) AS oldest`;

/** What readers need of a database of PostgreSQL, and the numbers of its tasks. */
export abstract class PostgresReaders {
  private readonly order: ReadingOrder;

  protected constructor(
    protected readonly client: PostgresClient,
    protected readonly plan: StorePlan,
  ) {
    this.order = new ReadingOrder(client, plan.failed);
  }

  async hold(reader: string, { worker, lease }: Terms, from: 'all' | 'new' | number): Promise<Place | undefined> {
    const { queue } = this.plan;
    this.order.ensure();
    const look = async (): Promise<Place | undefined> => {
      const [row] = await this.client.rows<{ last: string; attempt: number; mark: string }>(
        `UPDATE obverse_readers r SET worker = $3, due = ${NOW} + ${ms('$4::float8')}, written = CASE WHEN written = '${AHEAD}'::xid8 THEN
            coalesce((SELECT t.written FROM obverse_tasks t WHERE queue = $1 AND id > r.last AND ${HIGHEST} ORDER BY id LIMIT 1), r.written)
            ELSE written END
          WHERE queue = $1 AND reader = $2 AND (worker IS NULL OR worker = $3 OR due <= ${NOW}) RETURNING last, attempt, written::text AS mark`,
        [queue, reader, worker, lease],
      );
      return row && row.mark !== AHEAD ? { ...row, last: Number(row.last) } : undefined;
    };
    const place = await look();
    if (place !== undefined) return place;
    // With a number, before the first task that has it or a higher one, when there is one; otherwise behind everything that is finished.
    const isNumber = typeof from === 'number';
    const made = await this.client.count(
      `INSERT INTO obverse_readers (queue, reader, last, written, attempt, due) VALUES ($1, $2, $3,
        coalesce($4::text::xid8, pg_snapshot_xmin(pg_current_snapshot())), 0, ${NOW}) ON CONFLICT DO NOTHING`,
      [queue, reader, isNumber ? from - 1 : 0, isNumber ? AHEAD : from === 'all' ? '0' : null],
    );
    return made > 0 ? look() : undefined;
  }

  async remember(
    reader: string,
    { worker, lease }: Terms,
    { last, mark, attempt }: Place,
    left?: { readonly error: string },
  ): Promise<boolean> {
    const values = [this.plan.queue, reader, worker, lease, last, mark ?? '0', attempt];
    const update = `UPDATE obverse_readers SET last = $5, written = $6::text::xid8, attempt = $7, due = ${NOW} + ${ms('$4::float8')}
      WHERE queue = $1 AND reader = $2 AND worker = $3`;
    if (left === undefined) return (await this.client.count(update, values)) > 0;
    const insert = `WITH own AS (${update} RETURNING queue, reader)
      INSERT INTO obverse_unread (queue, reader, task, error, ended) SELECT queue, reader, $5, $8, ${NOW} FROM own
      ON CONFLICT (queue, reader, task) DO UPDATE SET error = excluded.error, ended = excluded.ended`;
    return (await this.client.count(insert, [...values, left.error])) > 0;
  }

  async release(reader: string, worker: string, { last, mark, attempt }: Place): Promise<void> {
    await this.client.count(
      `UPDATE obverse_readers SET last = $4, written = $5::text::xid8, attempt = $6, worker = NULL, due = ${NOW}
        WHERE queue = $1 AND reader = $2 AND worker = $3`,
      [this.plan.queue, reader, worker, last, mark ?? '0', attempt],
    );
  }

  async read({ last, mark = '0' }: Place, most: number, bytes: number): Promise<Page> {
    const place = [this.plan.queue, mark, last];
    const rows = await this.client.rows<Row>(
      `SELECT ${this.columns}, written::text AS mark
        FROM (SELECT *, sum(octet_length(body)) OVER (ORDER BY written, id) - octet_length(body) AS before
          FROM (SELECT * FROM obverse_tasks WHERE ${BEHIND} AND ${VISIBLE} ORDER BY written, id LIMIT $4) AS page) AS t
        WHERE before < $5 ORDER BY written, id`,
      [...place, most, bytes],
    );
    if (rows.length > 0) return { tasks: rows.map((row) => this.task(row, 0)), isHidden: false };
    const [hidden] = await this.client.rows<{ found: boolean; moved: boolean }>(
      `SELECT EXISTS (SELECT 1 FROM obverse_tasks WHERE ${BEHIND}) AS found,
        EXISTS (SELECT 1 FROM obverse_tasks t WHERE ${BEHIND} AND ${isMoved('t')}) AS moved`,
      place,
    );
    if (hidden?.moved === true)
      throw new Error(
        `tasks of the queue "${this.plan.queue}" were restored from another server while this side was open: close it and open it again`,
      );
    return { tasks: [], isHidden: hidden?.found === true };
  }

  async stats(reader: string | undefined): Promise<Readonly<Record<string, number>>> {
    const { queue } = this.plan;
    const [row = {}] = await (reader === undefined
      ? this.client.rows<Record<string, unknown>>(COUNTS, [queue])
      : this.client.rows<Record<string, unknown>>(READER_COUNTS, [queue, reader]));
    return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value ?? 0)]));
  }

  /** What a task is read as; a body that is too large stays where it is. */
  protected get columns(): string {
    const most = Math.floor(Math.min(this.plan.mostBytes, Number.MAX_SAFE_INTEGER));
    return `t.id, CASE WHEN octet_length(t.body) <= ${most} THEN t.body END AS body, octet_length(t.body) AS size,
      t.asks, t.attempt, t.attempts, t.key,
      (extract(epoch FROM t.stored) * 1000)::float8 AS stored`;
  }

  protected task(row: Row, attempts: number): Task {
    return {
      id: Number(row.id),
      body: this.body(row.body),
      size: row.size,
      asks: row.asks,
      attempt: row.attempt,
      attempts: row.attempts ?? attempts,
      key: row.key ?? undefined,
      stored: new Date(row.stored),
      mark: row.mark,
    };
  }

  /** Bytes of the database in the form of the codec. */
  protected body(bytes: Uint8Array | null): Body | undefined {
    if (bytes === null) return undefined;
    return this.plan.isText ? decoder.decode(bytes) : new Uint8Array(bytes);
  }
}

/** The package knows bytes by the class of Node. */
export function bufferOf(body: Body): Uint8Array {
  const { buffer, byteOffset, length } = bytesOf(body);
  return Buffer.from(buffer, byteOffset, length);
}
