import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import { RpcError, type Side, UsageError } from '../../src/index.js';
import { chaosProxy } from '../../src/testing/chaos-proxy.js';
import { wireFor } from '../../src/testing/transport.js';
import makeNats from '../../transports/nats.js';
import { until } from '../support/core-waiting.js';
import type { Engine } from '../support/engines.js';
import { nats, startNats } from '../support/nats-server.js';
import { startChild } from '../support/stream-children.js';
import { Jobs } from '../support/stream-jobs.js';
import { closeEnds, NatsEnd } from './ends.js';

describe.skipIf(nats.absent)(`sides over a stream of NATS${nats.why}`, () => {
  let engine: Engine;
  const open: { close(): Promise<void> }[] = [];
  beforeAll(async () => {
    engine = await startNats({ jetstream: true });
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((side) => side.close()));
    await closeEnds();
  });
  afterAll(() => engine.end());

  let used = 0;
  const url = (query = '', subject = `jobs.${used}`): string =>
    `nats://127.0.0.1:${engine.port}/${subject}?stream=JOBS${used}${query}`;
  const fresh = (query = ''): string => {
    used++;
    return url(query);
  };
  async function writer(address: string) {
    const side = await Jobs.invert().connect(address, { logger: null });
    open.push(side);
    return side;
  }
  type Seen = { n: number; info: Record<string, unknown> };
  /** A worker, and what it has done; `failing` jobs fail. */
  async function worker(address: string, failing: readonly number[] = []) {
    const side: Side<Jobs> = await Jobs.serve(address, { logger: null });
    open.unshift(side);
    const seen: Seen[] = [];
    side.job.connect((sender, { n }) => {
      seen.push({ n, info: { ...sender.peer.info } });
      if (failing.includes(n)) throw new RpcError(`job ${n} cannot be done`, 4_000);
    });
    return { side, seen, numbers: () => seen.map((each) => each.n) };
  }

  it('begins with all messages, with those that come, or with the one of a number: from', async () => {
    const boss = await writer(fresh());
    for (let n = 1; n <= 5; n++) boss.remote.job({ n });
    await boss.flush();
    const all = await worker(url('&consumer=all&from=all'));
    const late = await worker(url('&consumer=late&from=new'));
    const third = await worker(url('&consumer=third&from=3'));
    await until(() => all.seen.length === 5 && third.seen.length === 3);
    boss.remote.job({ n: 6 });
    await until(() => [all, late, third].every(({ numbers }) => numbers().includes(6)));
    expect([all, late, third].map(({ numbers }) => numbers().sort())).toEqual([[1, 2, 3, 4, 5, 6], [6], [3, 4, 5, 6]]);
    expect(third.seen.map(({ info }) => info.sequence).sort()).toEqual([3, 4, 5, 6]);
  });

  it('does a job once that was written twice with the same key', async () => {
    const boss = await writer(fresh());
    const other = await writer(url());
    boss.to(null, { delivery: { key: 'order-7' } }).job({ n: 1 });
    await boss.flush();
    other.to(null, { delivery: { key: 'order-7' } }).job({ n: 2 });
    boss.to(null, { delivery: { key: 'order-8' } }).job({ n: 3 });
    boss.remote.job({ n: 4 });
    await Promise.all([boss.flush(), other.flush()]);
    const { seen } = await worker(url());
    await until(() => seen.some(({ n }) => n === 4));
    expect(seen.map(({ n, info }) => [n, info.key])).toEqual([
      [1, 'order-7'],
      [3, 'order-8'],
      [4, undefined],
    ]);
  });

  it('keeps two jobs with the same key under two subjects of one stream', async () => {
    const [first, second] = [fresh(), url('', `jobs.${used}.b`)];
    const bare = await connect({ servers: `127.0.0.1:${engine.port}` });
    open.push(bare);
    const manager = await jetstreamManager(bare);
    await manager.streams.add({ name: `JOBS${used}`, subjects: [`jobs.${used}`, `jobs.${used}.>`] });
    const workers = await Promise.all([first, `${second}&consumer=b`].map((address) => worker(address)));
    for (const address of [first, second]) {
      const boss = await writer(address);
      for (let n = 1; n <= 2; n++) boss.to(null, { delivery: { key: 'order-7' } }).job({ n });
      boss.to(null, { delivery: { key: `jobs.${used} order-7` } }).job({ n: 3 });
      await boss.flush();
    }
    await until(() => workers.every(({ numbers }) => numbers().includes(3)));
    for (const { seen } of workers)
      expect(seen.map(({ n, info }) => [n, info.key])).toEqual([
        [1, 'order-7'],
        [3, `jobs.${used} order-7`],
      ]);
  });

  it('keeps a dead job although a writer has used a key that looks like the id of it', async () => {
    const boss = await writer(fresh());
    boss.to(null, { delivery: { key: `JOBS${used}.workers.2.dead` } }).job({ n: 1 });
    await boss.flush();
    boss.remote.job({ n: 2 });
    await boss.flush();
    const { seen } = await worker(url('&attempts=1'), [2]);
    await until(() => seen.length === 2);
    const dead = await worker(url('', `jobs.${used}._dead`));
    await until(() => dead.seen.length === 1);
    expect(dead.seen[0]).toMatchObject({ n: 2, info: { original: 2 } });
  });

  it('refuses a delay and a priority, which it cannot keep', async () => {
    const boss = await writer(fresh());
    for (const delivery of [{ delay: 1_000 }, { priority: 1 }]) {
      const [name] = Object.keys(delivery);
      expect(() => boss.to(null, { delivery }).job({ n: 1 })).toThrow(UsageError);
      expect(() => boss.to(null, { delivery }).job({ n: 1 })).toThrow(`"${name}", and the link to`);
    }
    boss.remote.job({ n: 2 });
    await boss.flush();
    const { seen } = await worker(url());
    await until(() => seen.length === 1);
    expect(seen[0]?.n).toBe(2);
  });

  it('keeps what failed too often apart, and a side can read that with its reason and its number', async () => {
    const boss = await writer(fresh());
    const { side, seen } = await worker(url('&attempts=2&backoff=10'), [2, 3]);
    boss.remote.job({ n: 1 });
    boss.remote.job({ n: 2 });
    boss.to(null, { delivery: { key: 'three', attempts: 1 } }).job({ n: 3 });
    await until(() => seen.length === 4);
    await side.close({ drain: 5_000 });
    const dead = await worker(url('&backoff=10', `jobs.${used}._dead`), [3]);
    await until(() => dead.seen.filter(({ n }) => n === 3).length === 3);
    const [two] = dead.seen.filter(({ n }) => n === 2);
    const three = dead.seen.filter(({ n }) => n === 3);
    expect(two?.info).toMatchObject({ reason: 'job 2 cannot be done', original: 2, subject: `jobs.${used}._dead` });
    expect(two?.info).not.toHaveProperty('key');
    // It is tried again, and never stored once more.
    expect(three.map(({ info }) => [info.attempt, info.reason, info.original, info.key])).toEqual(
      [1, 2, 3].map((attempt) => [attempt, 'job 3 cannot be done', 3, 'three']),
    );
  });

  it('buries a message that kills each of its workers', { timeout: 60_000 }, async () => {
    const file = join(engine.folder, 'poison.txt');
    writeFileSync(file, '');
    const boss = await writer(fresh());
    boss.remote.job({ n: 7 });
    await boss.flush();
    const address = url('&attempts=2&lease=500');
    for (let attempt = 1; attempt <= 2; attempt++) {
      const child = await startChild('worker', address, file, '7');
      await until(() => child.signalCode === 'SIGKILL');
    }
    const { side, seen } = await worker(address);
    const dead = await worker(url('', `jobs.${used}._dead`));
    await until(() => dead.seen.length === 1);
    expect(dead.seen[0]).toMatchObject({
      n: 7,
      info: { reason: 'its worker ended, or was closed, before it was handled, in each of 2 attempts', original: 1 },
    });
    boss.remote.job({ n: 8 });
    await until(() => seen.length === 1);
    expect(seen[0]?.n).toBe(8);
    await side.close();
  });

  it('acknowledges after an outage what was finished meanwhile: nobody gets it again', async () => {
    const own = await startNats({ jetstream: true });
    try {
      const address = `nats://127.0.0.1:${own.port}/jobs?stream=JOBS`;
      const end = await NatsEnd.open(`${address}&lease=60000`, { listen: true });
      const boss = await NatsEnd.open(address);
      (await boss.link(0)).link.dispatch?.(['one'], { id: undefined, method: 'm', delivery: undefined });
      const task = await end.link(0);
      await own.stop();
      task.link.close();
      await own.start();
      const { transport } = end as { transport: { stats?(): Promise<Record<string, number>> } };
      await until(() => task.ends.length === 1);
      for (let taken = 1; taken > 0; ) taken = (await transport.stats?.().catch(() => undefined))?.taken ?? 1;
      expect(end.ends).toHaveLength(1);
    } finally {
      await closeEnds();
      await own.end();
    }
  });

  it('begins nothing that waits at it when its lease is over after an outage: another one has done it', async () => {
    await using proxy = await chaosProxy({ to: `tcp://127.0.0.1:${engine.port}` });
    const boss = await writer(fresh());
    for (let n = 0; n < 12; n++) boss.remote.job({ n });
    await boss.flush();
    const { port } = new URL(proxy.url);
    const away = url('&lease=1000').replace(`:${engine.port}/`, `:${port}/`);
    const side = await Jobs.serve(away, {
      logger: null,
      concurrency: { each: 1, all: 1 },
      limits: { queuedCalls: 1, connectMs: 1_000 },
    });
    open.unshift(side);
    const begun: number[] = [];
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => (end = resolve));
    side.job.connect((_sender, { n }) => {
      begun.push(n);
      return ended;
    });
    await expect.poll(() => side.queueStats(), { timeout: 10_000 }).toMatchObject({ waiting: 0, taken: 12 });
    await until(() => begun.length === 1);
    proxy.silence();
    proxy.cut();
    const other = await worker(url('&lease=1000'));
    await until(() => new Set(other.numbers()).size === 12);
    await other.side.close();
    end();
    proxy.resume();
    boss.remote.job({ n: 99 });
    await until(() => begun.includes(99));
    // The first one was at work, and the second one in the queue of the calls.
    expect(begun).toEqual([0, 1, 99]);
  });

  it('tells each key with which a message was written', async () => {
    const boss = await writer(fresh());
    const keys = ['.o-aaaaaaaaaa.1', 'x.o-aaaaaaaaaaaa.1', 'a b.o-aaaaaaaaaa.1', 'o-aaaaaaaaaa.1'];
    for (const [n, key] of keys.entries()) boss.to(null, { delivery: { key } }).job({ n });
    boss.remote.job({ n: keys.length });
    await boss.flush();
    const { seen } = await worker(url());
    await until(() => seen.length === keys.length + 1);
    expect(seen.sort((a, b) => a.n - b.n).map(({ info }) => info.key)).toEqual([...keys, undefined]);
  });

  it('confirms what it has finished before it ends', async () => {
    const boss = await writer(fresh());
    const { side, seen } = await worker(url());
    for (let n = 0; n < 200; n++) boss.remote.job({ n });
    await boss.flush();
    await until(() => seen.length === 200);
    await side.close();
    const probe = makeNats(parseAddress(url()), wireFor({ listen: true })) as unknown as NatsEnd['transport'] & {
      stats(): Promise<Record<string, number>>;
    };
    await probe.open(() => ({ receive() {}, drained() {}, closed() {} }));
    expect(await probe.stats()).toMatchObject({ waiting: 0, taken: 0, stored: 200, dead: 0 });
    await probe.close();
  });
});
