import { Socket } from 'node:net';
import { outside } from '../../../../src/base/async-context.js';
import { printable } from '../../../../src/base/quote.js';
import { messageOf } from '../../../../src/base/thrown.js';
import { clearTimer, setTimer, type Timer } from '../../../../src/base/time.js';
import { ConnectionLost, UsageError } from '../../../../src/contract/errors.js';
import { packageError } from '../../../../src/contract/optional-package.js';
import { markPermanent } from '../../../../src/contract/permanent.js';
import { LATEST, LOCK_TABLES, MAKE_VERSION, MAX_VERSION, missingTables, USED, VERSION } from './schema.js';

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
/** In ms: how long the end of a connection may take, which a server that has stopped never answers. */
const END_MS = 2_000;

/** Codes of the server: a table or a column is missing, has another type, or is there already. */
const OTHER_TABLES: readonly unknown[] = ['42P01', '42703', '42883', '42P07', '42804'];

async function load(): Promise<Package> {
  try {
    const module = await import('pg');
    return (module.default ?? module) as unknown as Package;
  } catch (cause) {
    throw packageError('the transport postgres:', 'pg', 'npm install pg', cause);
  }
}

/**
 * What is done with a new connection of a pool. The server ends a statement that takes too long, before the side gives it up: what nobody waits
 * for would keep its connection. The statements have plans that fit any number of tasks, so that none is planned for each call.
 */
function preparing(patience: number): (client: Client, done: (error?: Error) => void) => void {
  const values = [String(Math.min(Math.max(1, Math.floor(patience * 0.9)), 2 ** 31 - 1))];
  return (client, done) => {
    const text = `SELECT set_config('statement_timeout', $1, false), set_config('plan_cache_mode', 'force_generic_plan', false)`;
    client.query({ text, values }).then(
      () => done(),
      (error: unknown) => done(error as Error),
    );
  };
}

/** Connections to a database of PostgreSQL with the tables of queues. One that is lost is made again. */
export class PostgresClient {
  private readonly names = new Map<string, string>();
  private listener: Client | undefined;
  private timer: Timer | undefined;
  /** It is closed, or about to be. */
  isOver = false;
  private changed: (payload: string | undefined) => void = () => {};

  private constructor(
    private readonly pg: Package,
    private readonly pool: Pool,
    private readonly options: object,
    private readonly channel: string,
    private readonly sockets: ReadonlySet<Socket>,
  ) {}

  /** Connects, and makes the tables if they are missing. `options` are those of the package. */
  static async open(options: object, channel: string, patience: number): Promise<PostgresClient> {
    const pg = await load();
    const sockets = new Set<Socket>();
    const all = {
      stream: () => {
        const socket = new Socket();
        sockets.add(socket);
        return socket.once('close', () => sockets.delete(socket));
      },
      application_name: 'obverse',
      connectionTimeoutMillis: patience,
      query_timeout: patience,
      keepAlive: true,
      ...options,
    };
    const pool = outside(() => new pg.Pool({ max: CONNECTIONS, ...all, verify: preparing(patience) }));
    // An idle connection was lost: the next query makes another one.
    pool.on('error', () => {});
    const client = new PostgresClient(pg, pool, all, channel, sockets);
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
      if ((known?.version ?? 0) >= LATEST) {
        await this.rows(USED);
        return;
      }
    }
    await this.atomic(async (query) => {
      await query(LOCK_TABLES);
      await query(MAKE_VERSION);
      const [known] = await query<{ version: number }>(MAX_VERSION);
      const version = known?.version ?? 0;
      // Without values: several statements at once.
      if (version < LATEST) await query(missingTables(version));
    });
  }

  /** Makes queries in one transaction. */
  async atomic(
    body: (query: <Row>(text: string, values?: readonly unknown[]) => Promise<readonly Row[]>) => Promise<void>,
  ): Promise<void> {
    const client = await outside(() => this.pool.connect());
    try {
      await client.query('BEGIN');
      await body(async <Row>(text: string, values?: readonly unknown[]) => {
        const { rows } = await client.query(values === undefined ? text : { text, values });
        return rows as readonly Row[];
      });
      await client.query('COMMIT');
      client.release();
    } catch (error) {
      // The end of the connection takes the transaction back.
      client.release(true);
      throw error;
    }
  }

  /** Makes queries over a connection of its own, which may take as long as they do: until this is closed. */
  async alone(body: (query: <Row>(text: string) => Promise<readonly Row[]>) => Promise<void>): Promise<void> {
    if (this.isOver) return;
    const client = outside(() => new this.pg.Client({ ...this.options, query_timeout: 0 }));
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query('SET statement_timeout = 0; SET lock_timeout = 0');
      await body(async <Row>(text: string) => (await client.query(text)).rows as readonly Row[]);
    } finally {
      await client.end().catch(() => {});
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
    const ends = Promise.all([this.listener?.end().catch(() => {}), this.pool.end().catch(() => {})]);
    let late: Timer | undefined;
    await Promise.race([ends, new Promise<void>((resolve) => (late = setTimer(END_MS, resolve)))]);
    clearTimer(late);
    for (const socket of this.sockets) socket.destroy();
  }
}

/** The error for a database that cannot be used, with what to do about it; it is marked if another attempt would meet it again. */
export function cannotOpen(address: string, cause: unknown): Error {
  if (cause instanceof UsageError) return cause;
  const { code } = cause as { code?: unknown };
  // Some errors of connections have only a code.
  const text = printable(messageOf(cause) || String(code), 1_000);
  const isUntrusted = /certificate/i.test(text);
  const hint = isUntrusted
    ? '; name the file with what it has to be issued by: sslrootcert'
    : OTHER_TABLES.includes(code)
      ? '; there are tables of the names obverse_… that are not those of this library, or were changed: use another database or schema, or rename them'
      : code === 'ECONNREFUSED'
        ? '; no server listens there: start it, or check the host and the port'
        : '';
  const error = new ConnectionLost(`${address} cannot be opened: ${text}${hint}`, { cause });
  return isUntrusted || /does not support SSL|password must be a string/.test(text) || !isPassing(cause)
    ? markPermanent(error)
    : error;
}

/**
 * Whether an error may be over when the same is tried again: the server is away or has no room, a transaction met another one, or the number of
 * a new task was taken, and the next one may not be.
 */
export function isPassing(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  // Errors of the server have five characters; those of the connection have other codes, or none.
  if (typeof code !== 'string' || !/^[\dA-Z]{5}$/.test(code)) return true;
  return /^(08|40|53|55|57|58|23505)/.test(code);
}

/** Whether a statement may have been carried out all the same: the server has not reported that it was not, and there was a connection to it. */
export function isUnanswered(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && /^[\dA-Z]{5}$/.test(code)) return /^(08|57P0[12])/.test(code);
  return (
    !/^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENOENT)$/.test(String(code)) &&
    !/trying to connect|connection timeout/.test(String(message))
  );
}
