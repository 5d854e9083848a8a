import net from 'node:net';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Side } from '../../src/index.js';
import { type ChaosProxy, chaosProxy } from '../../src/testing/index.js';
import { Work } from '../durable/work.js';
import { failure } from '../support/core-waiting.js';
import type { Engine } from '../support/engines.js';
import { databaseOf, postgres, startPostgres } from '../support/postgres-server.js';

/* Nobody looks by himself within the time of a test: only notifications, and a look after each new connection. */
const NEVER = '&poll=3600000';

describe.skipIf(postgres.absent)(`connections to PostgreSQL${postgres.why}`, () => {
  let engine: Engine;
  let bare: pg.Pool;
  const open: AsyncDisposable[] = [];
  beforeAll(async () => {
    engine = await startPostgres();
    bare = observer();
  }, 60_000);
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
  });
  afterAll(async () => {
    await bare.end();
    await engine.end();
  });
  function observer(): pg.Pool {
    return new pg.Pool({ connectionString: databaseOf(engine), max: 1 }).on('error', () => {});
  }

  let used = 0;
  const fresh = (): string => {
    used++;
    return at();
  };
  const at = (query = ''): string => `${databaseOf(engine)}?queue=q${used}&application_name=side${used}${query}`;
  async function worker(address: string): Promise<Side<Work>> {
    const side = await Work.serve(address, { logger: null });
    open.push(side);
    side.add.connect((_sender, { a, b }) => a + b);
    return side;
  }
  async function writer(address: string, options: Parameters<typeof Work.connect>[1] = {}) {
    const side = await Work.invert().connect(address, { logger: null, timeout: 50_000, ...options });
    open.push(side);
    return side;
  }
  /** How many connections the sides of a test have, besides; those that listen, or all. */
  async function count(name = `side${used}`): Promise<number> {
    const { rows } = await bare.query('SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = $1', [
      name,
    ]);
    return (rows[0] as { n: number }).n;
  }
  const listening = "query LIKE 'LISTEN%' AND state = 'idle'";
  /** Ends the connections that listen. */
  async function endListeners(name: string): Promise<number> {
    const { rowCount } = await bare.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${listening} AND application_name = $1`,
      [name],
    );
    return rowCount ?? 0;
  }

  it('whose worker has lost the connection that listens gets what was written meanwhile, and what comes later', async () => {
    const address = fresh();
    await worker(`${address}-work${NEVER}`);
    const boss = await writer(`${address}-write`);
    expect(await boss.remote.add({ a: 1, b: 2 })).toBe(3);
    for (let n = 0; n < 3; n++) {
      expect(await endListeners(`side${used}-work`)).toBe(1);
      expect(await boss.remote.add({ a: n, b: 2 })).toBe(n + 2);
    }
    await expect.poll(() => count(`side${used}-work`)).toBeGreaterThanOrEqual(2);
    expect(await boss.remote.add({ a: 1, b: 2 })).toBe(3);
  });

  it('whose writer has lost the connection that listens hears of each answer', async () => {
    const address = fresh();
    const boss = await writer(`${address}-write${NEVER}`);
    const answers = [1, 2, 3].map((n) => boss.remote.add({ a: n, b: n }));
    await boss.flush();
    expect(await endListeners(`side${used}-write`)).toBe(1);
    await worker(`${address}-work`);
    expect(await Promise.all(answers)).toEqual([2, 4, 6]);
    expect(await boss.remote.add({ a: 4, b: 4 })).toBe(8);
  });

  it('that all end while the server is restarted lose nothing: what is written meanwhile is done, and answered', async () => {
    const address = fresh() + NEVER;
    const boss = await writer(address);
    await worker(address);
    expect(await boss.remote.add({ a: 1, b: 2 })).toBe(3);
    for (let n = 0; n < 2; n++) {
      await bare.end();
      await engine.stop();
      const sum = boss.remote.add({ a: 20, b: n });
      await engine.start();
      bare = observer();
      expect(await sum).toBe(20 + n);
    }
  });

  it('are four at most for each side, however much is written and asked for', async () => {
    const boss = await writer(fresh());
    let most = 0;
    const sums = Array.from({ length: 50 }, async (_each, n) => {
      // A turn of its own for each, and so an insert of its own.
      for (let turn = 0; turn <= n; turn++) await new Promise((resolve) => setImmediate(resolve));
      const sum = boss.remote.add({ a: n, b: 0 });
      await boss.queueStats();
      most = Math.max(most, await count());
      return sum;
    });
    await worker(`${at()}-work&inFlight=50`);
    expect(await Promise.all(sums)).toHaveLength(50);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(4);
  });

  it('that are lost with the answer to a worker keep nothing that it tells then from being stored', async () => {
    let isDeaf = false;
    const sockets = new Set<net.Socket>();
    /** Passes everything on, and no answers while it is deaf; notifications pass then, too. */
    const proxy = net.createServer((client) => {
      const server = net.connect(engine.port, '127.0.0.1');
      let listens = false;
      for (const [from, to] of [
        [client, server],
        [server, client],
      ] as const) {
        sockets.add(from);
        from.on('error', () => {}).on('close', () => to.destroy());
        from.on('data', (data) => {
          listens ||= from === client && data.includes('LISTEN');
          if (from === client || listens || !isDeaf) to.write(data);
        });
      }
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    try {
      const boss = await writer(fresh() + NEVER);
      const { port } = proxy.address() as net.AddressInfo;
      const side = await Work.serve(`${at().replace(/127.0.0.1:\d+/, `127.0.0.1:${port}`)}${NEVER}`, { logger: null });
      open.push(side);
      const begun: number[] = [];
      let end = (): void => {};
      side.job.connect((_sender, { n }) => {
        begun.push(n);
        if (n === 0) return new Promise<void>((resolve) => (end = resolve));
      });
      const states = async () => {
        const text = `SELECT state FROM obverse_tasks WHERE queue = 'q${used}' ORDER BY id`;
        return (await bare.query<{ state: string }>(text)).rows.map(({ state }) => state);
      };
      boss.remote.job({ n: 0 });
      await expect.poll(() => begun).toEqual([0]);
      isDeaf = true;
      boss.remote.job({ n: 1 });
      await expect.poll(states).toEqual(['taken', 'taken']);
      end();
      // A turn later the task has ended, and this is told with the next exchange.
      await new Promise((resolve) => setImmediate(resolve));
      isDeaf = false;
      for (const socket of sockets) socket.destroy();
      await expect.poll(states, { timeout: 10_000 }).toEqual(['done', 'done']);
      expect(begun).toEqual([0, 1]);
    } finally {
      for (const socket of sockets) socket.destroy();
      proxy.close();
    }
  });

  it('that the server does not accept for want of room are tried again', async () => {
    const boss = await writer(fresh());
    await boss.flush();
    // What the side has besides the one that listens ends, and others take the room.
    await bare.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND NOT (${listening})`,
      [`side${used}`],
    );
    const others: pg.Client[] = [];
    try {
      for (let isFull = false; !isFull; ) {
        const client = new pg.Client({ connectionString: databaseOf(engine) });
        client.on('error', () => {});
        try {
          await client.connect();
          others.push(client);
        } catch (error) {
          expect((error as { code?: string }).code).toBe('53300');
          isFull = true;
        }
      }
      boss.remote.job({ n: 1 });
      const flushed = boss.flush();
      let isStored = false;
      flushed.then(
        () => (isStored = true),
        () => {},
      );
      // It was refused at least once.
      for (let n = 0; n < 3; n++) await failure(new pg.Client({ connectionString: databaseOf(engine) }).connect());
      expect(isStored).toBe(false);
      for (const client of others.splice(0)) await client.end();
      await flushed;
    } finally {
      for (const client of others) await client.end();
    }
  });

  describe('to a server that has stopped answering', () => {
    let proxy: ChaosProxy;
    const through = (query = ''): string => at(query).replace(/127.0.0.1:\d+/, proxy.url.slice('tcp://'.length));
    beforeAll(async () => {
      proxy = await chaosProxy({ to: `tcp://127.0.0.1:${engine.port}` });
      return () => proxy.close();
    });

    it('end when a side is closed', async () => {
      fresh();
      const limits = { connectMs: 500 };
      const boss = await writer(through(), { limits });
      const work = await Work.serve(through(), { logger: null, limits });
      work.add.connect((_sender, { a, b }) => a + b);
      expect(await boss.remote.add({ a: 1, b: 2 })).toBe(3);
      proxy.silence();
      boss.remote.job({ n: 1 });
      expect((await failure(boss.flush())).message).toMatch(
        /not everything was stored.*has not confirmed what was written, which may be stored nevertheless.*timeout/i,
      );
      await Promise.all([boss.close(), work.close()]);
      proxy.cut('rst');
      proxy.resume();
    });

    it('are made again when it answers: nothing is lost', async () => {
      fresh();
      const limits = { connectMs: 1_000 };
      const boss = await writer(through(), { limits: { connectMs: 30_000 } });
      const work = await Work.serve(through(), { logger: null, limits });
      open.push(work);
      work.add.connect((_sender, { a, b }) => a + b);
      expect(await boss.remote.add({ a: 1, b: 2 })).toBe(3);
      proxy.cut('silence');
      const sum = boss.remote.add({ a: 2, b: 2 });
      proxy.cut('rst');
      expect(await sum).toBe(4);
    });
  });
});
