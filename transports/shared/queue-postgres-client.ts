import { outside } from '../../src/base/async-context.js';
import { clearTimer, setTimer, type Timer } from '../../src/base/time.js';
import { packageError } from '../../src/contract/optional-package.js';
import { LATEST, LOCK_TABLES, MAKE_VERSION, MAX_VERSION, missingTables, VERSION } from './queue-postgres-schema.js';

/** The part of the package that is used. */
interface Query {
  readonly name?: string;
  readonly text: string;
  readonly values?: readonly unknown[];
}
interface Result {
  readonly rows: readonly unknown[];
  readonly rowCount: number | null;
}
interface Client {
  connect(): Promise<unknown>;
  query(query: string | Query): Promise<Result>;
  on(event: string, listener: (value: never) => void): unknown;
  removeAllListeners(event: string): unknown;
  end(): Promise<void>;
  release(error?: boolean): void;
}
interface Pool {
  connect(): Promise<Client>;
  query(query: string | Query): Promise<Result>;
  on(event: string, listener: (value: never) => void): unknown;
  end(): Promise<void>;
}
interface Package {
  readonly Pool: new (options: object) => Pool;
  readonly Client: new (options: object) => Client;
}

/** How many connections a side uses at a time, besides the one that listens. */
const CONNECTIONS = 3;
/** In ms, between two attempts to listen again; as much again at random. */
const AGAIN_MS = 200;

async function load(): Promise<Package> {
  try {
    const module = await import('pg');
    return (module.default ?? module) as unknown as Package;
  } catch (cause) {
    throw packageError('the transport postgres:', 'pg', 'npm install pg', cause);
  }
}

/** Connections to a database of PostgreSQL with the tables of queues. One that is lost is made again. */
export class PostgresClient {
  private readonly names = new Map<string, string>();
  private listener: Client | undefined;
  private timer: Timer | undefined;
  private isOver = false;
  private changed: (payload: string | undefined) => void = () => {};

  private constructor(
    private readonly pg: Package,
    private readonly pool: Pool,
    private readonly options: object,
    private readonly channel: string,
  ) {}

  /** Connects, and makes the tables if they are missing. `options` are those of the package. */
  static async open(options: object, channel: string, patience: number): Promise<PostgresClient> {
    const pg = await load();
    const all = {
      application_name: 'obverse',
      connectionTimeoutMillis: patience,
      query_timeout: patience,
      keepAlive: true,
      ...options,
    };
    const pool = outside(() => new pg.Pool({ max: CONNECTIONS, ...all }));
    // An idle connection was lost: the next query makes another one.
    pool.on('error', () => {});
    const client = new PostgresClient(pg, pool, all, channel);
    try {
      await client.makeTables();
      await client.listen();
      return client;
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  private async makeTables(): Promise<void> {
    const [row] = await this.rows<{ found: boolean }>(VERSION);
    if (row?.found === true) {
      const [known] = await this.rows<{ version: number }>(MAX_VERSION);
      if ((known?.version ?? 0) >= LATEST) return;
    }
    const client = await this.pool.connect();
    try {
      await client.query('BEGIN');
      await client.query(LOCK_TABLES);
      await client.query(MAKE_VERSION);
      const { version } = (await client.query(MAX_VERSION)).rows[0] as { version: number };
      if (version < LATEST) await client.query(missingTables(version));
      await client.query('COMMIT');
      client.release();
    } catch (error) {
      // The end of the connection takes the transaction back.
      client.release(true);
      throw error;
    }
  }

  /** The rows of a statement, which each connection prepares once. */
  async rows<Row>(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    return (await this.query(text, values)).rows as readonly Row[];
  }

  /** How many rows a statement has changed. */
  async count(text: string, values: readonly unknown[]): Promise<number> {
    return (await this.query(text, values)).rowCount ?? 0;
  }

  private query(text: string, values: readonly unknown[]): Promise<Result> {
    let name = this.names.get(text);
    if (name === undefined) {
      name = `obverse${this.names.size}`;
      this.names.set(text, name);
    }
    return outside(() => this.pool.query({ name, text, values }));
  }

  // ---- notifications ------------------------------------------------------------------------------------------------

  /** Calls back with what others have notified, and without a text when notifications may have been missed. */
  watch(changed: (payload: string | undefined) => void): void {
    this.changed = changed;
  }

  private async listen(): Promise<void> {
    const listener = outside(() => new this.pg.Client(this.options));
    let isLost = false;
    const lost = (): void => {
      if (isLost) return;
      isLost = true;
      if (this.listener === listener) this.listener = undefined;
      void listener.end().catch(() => {});
      this.listenLater();
    };
    listener.on('error', lost);
    listener.on('end', lost);
    listener.on('notification', ({ payload }: { payload?: string }) => this.changed(payload ?? ''));
    try {
      await listener.connect();
      await listener.query(`LISTEN "${this.channel}"`);
    } catch (error) {
      isLost = true;
      await listener.end().catch(() => {});
      throw error;
    }
    this.listener = listener;
    if (this.isOver) lost();
  }

  private listenLater(): void {
    if (this.isOver) return;
    this.timer = setTimer(AGAIN_MS * (1 + Math.random()), () => {
      this.listen().then(
        () => this.changed(undefined),
        () => this.listenLater(),
      );
    });
  }

  async close(): Promise<void> {
    this.isOver = true;
    clearTimer(this.timer);
    await Promise.all([this.listener?.end().catch(() => {}), this.pool.end().catch(() => {})]);
  }
}

/** Whether an error may be over when the same is tried again: the server is away or has no room, or a transaction met another one. */
export function isPassing(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  // Errors of the server have five characters; those of the connection have other codes, or none.
  if (typeof code !== 'string' || !/^[\dA-Z]{5}$/.test(code)) return true;
  return /^(08|40|53|55|57|58)/.test(code);
}
