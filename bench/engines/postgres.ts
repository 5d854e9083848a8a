import pg from 'pg';
import { databaseOf, postgres, startPostgres } from '../../test/support/postgres-server.js';
import { type BareQueue, benchQueue, IN_FLIGHT } from './queue.js';

const LEASE = "interval '30 seconds'";
const ATTEMPTS = 5;

interface Row {
  readonly id: string;
  readonly priority: number;
  readonly body: string;
}

/** A queue in a database of a server of its own, beside the package `pg`. */
export async function bench(): Promise<boolean> {
  // It has said why.
  if (postgres.absent) return true;
  const engine = await startPostgres();
  const connectionString = databaseOf(engine);
  const admin = new pg.Client({ connectionString });
  await admin.connect();
  await admin.query(`CREATE TABLE by_hand (
      id BIGSERIAL PRIMARY KEY,
      queue TEXT NOT NULL,
      priority INTEGER NOT NULL DEFAULT 0,
      key TEXT,
      body TEXT NOT NULL,
      due TIMESTAMPTZ NOT NULL,
      worker TEXT,
      attempt INTEGER NOT NULL DEFAULT 0,
      ended TIMESTAMPTZ);
    CREATE UNIQUE INDEX by_hand_keys ON by_hand (queue, key) WHERE key IS NOT NULL;
    CREATE INDEX by_hand_next ON by_hand (queue, priority DESC, id) WHERE ended IS NULL;
    CREATE INDEX by_hand_old ON by_hand (ended) WHERE ended IS NOT NULL`);
  let queues = 0;
  try {
    return await benchQueue({
      fresh: () => `${connectionString}?queue=jobs-${++queues}`,
      bare: () => byHand(connectionString),
      tidy: async () => {
        await admin.query('TRUNCATE by_hand');
        await admin.query(
          "DO $$ BEGIN IF to_regclass('obverse_tasks') IS NOT NULL THEN TRUNCATE obverse_tasks; END IF; END $$",
        );
        await admin.query('CHECKPOINT');
      },
      least: 0.65,
      most: 8,
    });
  } finally {
    await admin.end();
    await engine.end();
  }
}

/**
 * What somebody writes who needs speed and the same guarantees: SKIP LOCKED, several queues, leases, attempts, priorities, keys, tasks that
 * stay for some time when they are done, workers that are woken, one trip for each batch, statements that each connection prepares once.
 */
async function byHand(connectionString: string): Promise<BareQueue> {
  const writer = new pg.Client({ connectionString });
  const worker = new pg.Client({ connectionString });
  await Promise.all([writer.connect(), worker.connect()]);
  const [queue, name] = ['jobs', 'by hand'];
  return {
    store: async (bodies) => {
      await writer.query({
        name: 'insert',
        text: `WITH made AS (INSERT INTO by_hand (queue, body, due) SELECT $1, body, now() FROM unnest($2::text[]) AS body)
          SELECT pg_notify('by_hand', '')`,
        values: [queue, bodies],
      });
    },
    work: async (work) => {
      const { rows } = await worker.query<Row>({
        name: 'claim',
        text: `UPDATE by_hand SET due = now() + ${LEASE}, worker = $1, attempt = attempt + 1 WHERE id IN (
          SELECT id FROM by_hand WHERE queue = $2 AND ended IS NULL AND due <= now() AND attempt < ${ATTEMPTS}
            ORDER BY priority DESC, id LIMIT $3 FOR UPDATE SKIP LOCKED)
          RETURNING id, priority, key, attempt, body`,
        values: [name, queue, IN_FLIGHT],
      });
      rows.sort((a, b) => b.priority - a.priority || Number(a.id) - Number(b.id));
      for (const { body } of rows) work(body);
      await worker.query({
        name: 'done',
        text: 'UPDATE by_hand SET ended = now(), worker = NULL WHERE id = ANY($1::bigint[]) AND worker = $2',
        values: [rows.map(({ id }) => id), name],
      });
      return rows.length;
    },
    close: async () => {
      await Promise.all([writer.end(), worker.end()]);
    },
  };
}
