import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { until } from '../support/core-waiting.js';
import { nats, startNats } from '../support/nats-server.js';
import { databaseOf, postgres, startPostgres } from '../support/postgres-server.js';
import { command, expectNoLoss, freePorts, OrdersRun } from './orders-run.js';

describe('a shop whose processes are killed', { timeout: 180_000 }, () => {
  it.skipIf(nats.absent)(`loses no order over nats${nats.why}, and leaves no stream`, async () => {
    const server = await startNats({ jetstream: true });
    try {
      await expectNoLoss(`nats://127.0.0.1:${server.port}`, 16);
      const client = await connect({ servers: `127.0.0.1:${server.port}` });
      const { streams } = await jetstreamManager(client);
      expect(await streams.list().next()).toEqual([]);
      await client.close();
    } finally {
      await server.end();
    }
  });

  it.skipIf(postgres.absent)(`loses no order over postgres${postgres.why}, and leaves no row`, async () => {
    const server = await startPostgres();
    try {
      await expectNoLoss(databaseOf(server), 16);
      const client = new pg.Client(databaseOf(server));
      await client.connect();
      const { rows } = await client.query('SELECT queue FROM obverse_tasks UNION SELECT queue FROM obverse_readers');
      expect(rows).toEqual([]);
      await client.end();
    } finally {
      await server.end();
    }
  });

  it('says over zmq what was lost', async () => {
    using run = new OrdersRun([`zmq+tcp://127.0.0.1:${await freePorts(7)}`, '16']);
    const [code] = await run.over;
    const { out, err, rows } = run;
    expect(err).toBe('');
    expect(rows, out).toHaveLength(16);
    const lost = rows.filter((row) => row.includes('LOST')).length;
    expect(lost, out).toBeGreaterThan(0);
    expect(out).toMatch(new RegExp(`^16 orders, \\d processes killed .*: ${16 - lost} shipped, ${lost} lost, `, 'm'));
    expect(out).toContain('ZeroMQ keeps nothing');
    expect(code).toBe(0);
    expect(run.left).toEqual([]);
  });

  it('is closed by Ctrl-C', async () => {
    using run = new OrdersRun(['sqlite:', '1000']);
    await run.writes('is killed');
    run.child.kill('SIGINT');
    expect(await run.over).toEqual([130, null]);
    expect(run.err).toBe('stopped by SIGINT\n');
    expect(run.left).toEqual([]);
  });

  it('ends with its main program, if that is killed', async () => {
    using run = new OrdersRun(['sqlite:', '1000']);
    await run.writes('is killed');
    run.child.kill('SIGKILL');
    await run.over;
    // The folder is left, as nobody is there to remove it.
    await until(() => run.left.length === 1);
  });

  it('draws its progress on a terminal', async () => {
    using run = new OrdersRun([], ['script', '-qec', `${command} sqlite: 8`, '/dev/null']);
    expect(await run.over).toEqual([0, null]);
    expect(run.out).toContain(`\r\x1b[K[${'#'.repeat(30)}] 8 of 8 orders done`);
    expect(run.out).toContain('No order was lost.');
  });
});
