import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import pg from 'pg';
import { sqliteOpener } from '../../transports/shared/queue/sqlite/driver.js';
import type { Engine, Found } from '../support/engines.js';
import { nats, startNats } from '../support/nats-server.js';
import { databaseOf, postgres, startPostgres } from '../support/postgres-server.js';

/** A task that could not be handled. */
export interface DeadTask {
  /** The message. */
  readonly body: string;
  readonly reason: string;
}

/** What not every engine has. */
export type Feature = 'requests' | 'delay' | 'priority' | 'readers' | 'rows';

/** An engine that keeps tasks, for tests in which only the address differs. */
export interface DurableEngine {
  readonly program?: Found;
  /** What it does not have. */
  readonly lacks: readonly Feature[];
  /** Starts what it needs; `address` makes addresses of its queues afterwards. */
  start(): Promise<void>;
  address(queue: string): string;
  /** The tasks of a queue that are dead, in the order of their deaths or of their numbers. */
  dead(queue: string): Promise<readonly DeadTask[]>;
  /** How many tasks of a queue are neither done nor dead. */
  pending(queue: string): Promise<number>;
  /** The rows of a query. Values in it are written as they are. Rejects where tasks are no rows. */
  sql(text: string): Promise<readonly Record<string, unknown>[]>;
  /** Restarts its server, if it has one; `meanwhile` is called while it is down. */
  restart?: ((meanwhile: () => Promise<void>) => Promise<void>) | undefined;
  end(): Promise<void>;
}

/** What SQL tells of the tasks of a queue; `text`: the body as text. */
function rows(
  sql: (text: string) => Promise<readonly Record<string, unknown>[]>,
  text: string,
): Pick<DurableEngine, 'lacks' | 'dead' | 'pending' | 'sql'> {
  return {
    sql,
    lacks: [],
    dead: async (queue) =>
      (await sql(
        `SELECT ${text} AS body, error AS reason FROM obverse_tasks WHERE queue = '${queue}' AND state = 'dead' ORDER BY id`,
      )) as readonly (DeadTask & Record<string, unknown>)[],
    pending: async (queue) => {
      const [row] = await sql(
        `SELECT count(*) AS n FROM obverse_tasks WHERE queue = '${queue}' AND state NOT IN ('done', 'dead')`,
      );
      return Number(row?.n);
    },
  };
}

function sqlite(): DurableEngine {
  let folder = '';
  const file = (): string => join(folder, 'tasks.db');
  const sql = async (text: string) => {
    const db = new (await sqliteOpener())(file());
    try {
      db.exec('PRAGMA busy_timeout = 5000');
      return db
        .prepare(text)
        .all()
        .map((row) => ({ ...(row as Record<string, unknown>) }));
    } finally {
      db.close();
    }
  };
  return {
    ...rows(sql, 'CAST(body AS TEXT)'),
    start: async () => {
      folder = mkdtempSync(join(tmpdir(), 'obverse-durable-'));
    },
    address: (queue) => `sqlite:${file()}?queue=${queue}`,
    end: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

function postgresql(): DurableEngine {
  let engine: Engine;
  const sql = async (text: string) => {
    const client = new pg.Client({ connectionString: databaseOf(engine) });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end();
    }
  };
  return {
    ...rows(sql, "convert_from(body, 'UTF8')"),
    program: postgres,
    start: async () => {
      engine = await startPostgres();
    },
    address: (queue) => `${databaseOf(engine)}?queue=${queue}`,
    restart: async (meanwhile) => {
      await engine.stop();
      await meanwhile();
      await engine.start();
    },
    end: () => engine.end(),
  };
}

function jetstream(): DurableEngine {
  let engine: Engine;
  const ask = async <T>(question: (manager: JetStreamManager) => Promise<T>): Promise<T> => {
    const client = await connect({ servers: `127.0.0.1:${engine.port}`, reconnect: false });
    try {
      return await question(await jetstreamManager(client));
    } finally {
      await client.close();
    }
  };
  return {
    program: nats,
    lacks: ['requests', 'delay', 'priority', 'readers', 'rows'],
    start: async () => {
      engine = await startNats({ jetstream: true });
    },
    address: (queue) => `nats://127.0.0.1:${engine.port}/jobs.${queue}?stream=${queue}`,
    dead: (queue) =>
      ask(async ({ streams }) => {
        const found: DeadTask[] = [];
        for (let seq = 1; ; seq++) {
          // The types of the client do not know that the server looks for the next one of a subject.
          const next = { seq, next_by_subj: `jobs.${queue}._dead` } as { seq: number };
          const message = await streams.getMessage(queue, next).catch(() => null);
          if (message === null) return found;
          found.push({ body: message.string(), reason: message.header.get('Obverse-Reason') });
          seq = message.seq;
        }
      }),
    pending: (queue) =>
      ask(async ({ consumers }) => {
        const { num_pending, num_ack_pending } = await consumers.info(queue, 'workers');
        return num_pending + num_ack_pending;
      }),
    sql: () => Promise.reject(new Error('a stream has no rows')),
    // By a signal that lets the server write what it has confirmed: it does not wait for its disk.
    restart: async (meanwhile) => {
      await engine.stop();
      await meanwhile();
      await engine.start();
    },
    end: () => engine.end(),
  };
}

/** By their names; each call makes one of its own. */
export const engines: Readonly<Record<'sqlite' | 'postgres' | 'nats', () => DurableEngine>> = {
  sqlite,
  postgres: postgresql,
  nats: jetstream,
};
