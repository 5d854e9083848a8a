import type { PostgresClient } from './client.js';
import { IS_ORDERED } from './order.js';
import { AHEAD, HIGHEST, isMoved } from './readers.js';
import { LOCK_TABLES } from './schema.js';

/** How many rows are changed by one statement, each of which has its time. */
const AT_ONCE = 20_000;

/**
 * Whether a dump was restored. Where readers have an index, it has the latest transaction of the queue; otherwise the newest of all tasks says
 * it, as numbers go on where the other server was.
 */
const IS_MOVED = `SELECT EXISTS (SELECT 1 FROM obverse_readers r WHERE ${isMoved('r')}) OR CASE
  WHEN ${IS_ORDERED} THEN EXISTS (SELECT 1 FROM obverse_tasks t WHERE queue = $1 AND ${isMoved('t')})
  ELSE coalesce((SELECT ${isMoved('t')} FROM obverse_tasks t WHERE ${HIGHEST} ORDER BY id DESC LIMIT 1), false) END AS found`;

/** Looks through all tasks. */
const MOVED_QUEUES = `SELECT queue FROM obverse_tasks t WHERE ${isMoved('t')}
  UNION SELECT queue FROM obverse_readers r WHERE ${isMoved('r')}`;

/**
 * A place among the transactions of another server is none here: those of a new one begin from low numbers, so that readers would not see what
 * is written. So, after a dump was restored, all that is in its queues comes before every transaction of this server, in the order of its
 * numbers, and each reader goes on before the first task that it has not read: it may read some again, and misses none. All queues are mended at
 * once: when tasks have been written to one of them, the newest task says nothing of the others.
 */
export async function mendMoved(client: PostgresClient, queue: string): Promise<void> {
  const [row] = await client.rows<{ found: boolean }>(IS_MOVED, [queue]);
  if (row?.found !== true) return;
  await client.atomic(async (query) => {
    await query(LOCK_TABLES, []);
    const queues = await query<{ queue: string }>(MOVED_QUEUES, []);
    for (const moved of queues) await mend(query, moved.queue);
  });
}

async function mend(
  query: <Row>(text: string, values: readonly unknown[]) => Promise<readonly Row[]>,
  queue: string,
): Promise<void> {
  await query(
    `UPDATE obverse_readers r SET attempt = 0, written = '0'::xid8, last = coalesce(
        (SELECT min(id) - 1 FROM obverse_tasks t WHERE t.queue = $1 AND t.${HIGHEST}
          AND ((t.written, t.id) > (r.written, r.last) OR t.id > r.last AND ${isMoved('r')})),
        (SELECT max(id) FROM obverse_tasks t WHERE t.queue = $1 AND t.${HIGHEST}), r.last)
      WHERE queue = $1 AND written <> '${AHEAD}'::xid8`,
    [queue],
  );
  const update = `WITH part AS MATERIALIZED (SELECT id FROM obverse_tasks WHERE queue = $1 AND id > $2 ORDER BY id LIMIT ${AT_ONCE}),
    mended AS (UPDATE obverse_tasks t SET written = '0'::xid8 FROM part WHERE t.id = part.id AND t.written > '0'::xid8)
    SELECT max(id) AS last FROM part`;
  for (let last: string | null = String(Number.MIN_SAFE_INTEGER); last !== null; ) {
    const rows: readonly { last: string | null }[] = await query(update, [queue, last]);
    last = rows[0]?.last ?? null;
  }
}
