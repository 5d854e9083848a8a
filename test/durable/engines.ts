import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { sqliteOpener } from '../../transports/shared/queue-sqlite-driver.js';
import type { Engine, Found } from '../support/engines.js';
import { databaseOf, postgres, startPostgres } from '../support/postgres-server.js';

/** An engine that keeps tasks, for tests in which only the address differs. */
export interface DurableEngine {
  readonly program?: Found;
  /** Starts what it needs; `address` makes addresses of its queues afterwards. */
  start(): Promise<void>;
  address(queue: string): string;
  /** The rows of a query. Values in it are written as they are. */
  sql(text: string): Promise<readonly Record<string, unknown>[]>;
  /** Restarts its server, if it has one; `meanwhile` is called while it is down. */
  restart?(meanwhile: () => Promise<void>): Promise<void>;
  end(): Promise<void>;
}

function sqlite(): DurableEngine {
  let folder = '';
  const file = (): string => join(folder, 'tasks.db');
  return {
    start: async () => {
      folder = mkdtempSync(join(tmpdir(), 'obverse-durable-'));
    },
    address: (queue) => `sqlite:${file()}?queue=${queue}`,
    sql: async (text) => {
      const db = new (await sqliteOpener())(file());
      try {
        db.exec('PRAGMA busy_timeout = 5000');
        return db.prepare(text).all() as Record<string, unknown>[];
      } finally {
        db.close();
      }
    },
    end: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

function postgresql(): DurableEngine {
  let engine: Engine;
  return {
    program: postgres,
    start: async () => {
      engine = await startPostgres();
    },
    address: (queue) => `${databaseOf(engine)}?queue=${queue}`,
    sql: async (text) => {
      const client = new pg.Client({ connectionString: databaseOf(engine) });
      await client.connect();
      try {
        return (await client.query<Record<string, unknown>>(text)).rows;
      } finally {
        await client.end();
      }
    },
    restart: async (meanwhile) => {
      await engine.stop();
      await meanwhile();
      await engine.start();
    },
    end: () => engine.end(),
  };
}

/** By their names; each call makes one of its own. */
export const engines: Readonly<Record<string, () => DurableEngine>> = { sqlite, postgres: postgresql };
