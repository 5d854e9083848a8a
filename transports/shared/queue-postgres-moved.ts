import type { PostgresClient } from './queue-postgres-client.js';
import { AHEAD, HIGHEST, isMoved } from './queue-postgres-readers.js';
import { LOCK_TABLES } from './queue-postgres-schema.js';

/** How many rows are changed by one statement, each of which has its time. */
const AT_ONCE = 20_000;

const IS_MOVED = `SELECT EXISTS (SELECT 1 FROM obverse_tasks t WHERE queue = $1 AND ${isMoved('t')})
  OR EXISTS (SELECT 1 FROM obverse_readers r WHERE queue = $1 AND ${isMoved('r')}) AS found`;

/**
 * A place among the transactions of another server is none here: those of a new one begin from low numbers, so that readers would not see what
 * is written. So, after a dump was restored, all that is in a queue comes before every transaction of this server, in the order of its numbers,
 * and each reader goes on before the first task that it has not read: it may read some again, and misses none.
 */
export async function mendMoved(client: PostgresClient, queue: string): Promise<void> {
  const [row] = await client.rows<{ found: boolean }>(IS_MOVED, [queue]);
  if (row?.found !== true) return;
  await client.atomic(async (query) => {
    await query(LOCK_TABLES, []);
    const [again] = await query<{ found: boolean }>(IS_MOVED, [queue]);
    if (again?.found !== true) return;
    await query(
      `UPDATE obverse_readers r SET attempt = 0, written = '0'::xid8, last = coalesce(
          (SELECT min(id) - 1 FROM obverse_tasks t WHERE t.queue = $1 AND t.${HIGHEST}
            AND ((t.written, t.id) > (r.written, r.last) OR t.id > r.last AND ${isMoved('r')})),
          (SELECT max(id) FROM obverse_tasks t WHERE t.queue = $1 AND t.${HIGHEST}), r.last)
        WHERE queue = $1 AND written <> '${AHEAD}'::xid8`,
      [queue],
    );
    const update = `UPDATE obverse_tasks SET written = '0'::xid8 WHERE id IN (
      SELECT id FROM obverse_tasks WHERE queue = $1 AND written > '0'::xid8 ORDER BY written, id LIMIT ${AT_ONCE}) RETURNING 1`;
    while ((await query(update, [queue])).length > 0);
  });
}
