import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ConnectionLost, standardTypes, topic } from '../../src/index.js';
import type { Options } from '../../src/types/options.js';
import { failure, until } from '../support/core-waiting.js';
import type { Engine } from '../support/engines.js';
import { nats, startNats } from '../support/nats-server.js';
import { Work } from './nats-spec.js';

const BEAT = 300;
/** The core learns to call services in a folder of its own. */
const servicesExist = existsSync(new URL('../../src/extensions/services', import.meta.url));

const open: { close(): Promise<void> }[] = [];

async function worker(url: string, options: Options = {}) {
  const side = await Work.serve(url, { logger: null, types: standardTypes, ...options });
  open.push(side);
  return side;
}

async function caller(url: string, options: Options = {}) {
  const side = await Work.invert().connect(url, { logger: null, types: standardTypes, ...options });
  open.unshift(side);
  return side;
}

describe.skipIf(nats.absent || !servicesExist)(`sides over NATS${nats.why}`, () => {
  let engine: Engine;
  const programs: ChildProcess[] = [];
  beforeAll(async () => {
    engine = await startNats();
  });
  afterAll(() => engine.end());
  afterEach(async () => {
    await Promise.all(open.splice(0).map((side) => side.close()));
    for (const program of programs.splice(0)) program.kill('SIGKILL');
  });

  let used = 0;
  const fresh = (query = ''): string => `nats://127.0.0.1:${engine.port}/jobs.${++used}${query}`;
  const subjectOf = (url: string): string => /\/([^/?]+)(\?|$)/.exec(url)?.[1] as string;

  /** A worker or a caller in another process; `said` has what it reports. */
  async function program(role: 'worker' | 'caller', url: string) {
    const child = fork(new URL('./nats-program.ts', import.meta.url), [role, url], { execArgv: ['--import', 'tsx'] });
    programs.push(child);
    const said: string[] = [];
    child.on('message', (text) => void said.push(String(text)));
    await until(() => said.includes('ready'));
    return { child, said };
  }

  it('shares calls fairly among four workers', async () => {
    const url = fresh();
    const counts = [0, 0, 0, 0];
    for (let n = 0; n < 4; n++)
      (await worker(url)).add.connect((_sender, { a, b }) => {
        counts[n]!++;
        return a + b;
      });
    const jobs = await caller(url);
    const lane = async (): Promise<void> => {
      for (let n = 0; n < 250; n++) if ((await jobs.add(null, { a: n, b: 1 })) !== n + 1) throw new Error('wrong');
    };
    await Promise.all(Array.from({ length: 40 }, lane));
    expect(counts.reduce((sum, each) => sum + each)).toBe(10_000);
    // At random: 2,500 each, with a deviation of 43. So 10 % are almost six deviations.
    for (const count of counts) expect(Math.abs(count - 2_500)).toBeLessThanOrEqual(250);
    expect(jobs.pendingCalls()).toEqual([]);
  });

  it('calls back the very caller: four callers, four workers, equal ids', async () => {
    const url = fresh();
    for (const name of ['ann', 'bob', 'cid', 'dan']) {
      const side = await worker(url);
      side.meet.connect(async (sender) => `${name} met ${await side.name(sender)}`);
    }
    const callers = await Promise.all(
      ['w', 'x', 'y', 'z'].map(async (name) => {
        const side = await caller(url);
        side.name.connect(() => name);
        return side;
      }),
    );
    const calls = Array.from({ length: 2_000 }, async (_, n) => [n % 4, await callers[n % 4]!.meet(null)] as const);
    const met = await Promise.all(calls);
    expect(met.filter(([at, text]) => !text.endsWith(`met ${'wxyz'[at]}`))).toEqual([]);
    expect(new Set(met.map(([, text]) => text)).size).toBe(16);
    for (const side of callers) expect(side.pendingCalls()).toEqual([]);
  });

  it('carries functions, streams in both directions, progress and values', async () => {
    const url = fresh();
    const side = await worker(url);
    side.count.connect(async function* (_sender, { to }) {
      for (let n = 0; n < to; n++) yield n;
    });
    side.each.connect(async (sender, { step }) => {
      sender.progress('half');
      return `${await step(1)} ${await step(2)}`;
    });
    side.sum.connect(async (_sender, { of }) => {
      let sum = 0;
      for await (const each of of) sum += each;
      return sum;
    });
    side.when.connect((_sender, { at }) => at + 1n);
    const jobs = await caller(url);
    const items: number[] = [];
    for await (const item of jobs.count(null, { to: 2_000 })) items.push(item);
    expect(items).toHaveLength(2_000);
    const progress: unknown[] = [];
    const stepped = jobs.to(null, { onProgress: (value) => progress.push(value) }).each({ step: (n) => n * 2 });
    expect(await stepped).toBe('2 4');
    expect(progress).toEqual(['half']);
    async function* numbers() {
      for (let n = 0; n < 600; n++) yield n;
    }
    expect(await jobs.sum(null, { of: numbers() })).toBe((599 * 600) / 2);
    expect(await jobs.when(null, { at: 5n })).toBe(6n);
  });

  it.each(['jrpc', 'msgpack', 'terse'])('carries calls in %s, and with a security', async (codec) => {
    for (const security of ['null', 'user?user=ann']) {
      const url = fresh();
      (await worker(url, { codec, security })).add.connect((_sender, { a, b }) => a + b);
      const jobs = await caller(url, { codec, security });
      const sums = await Promise.all(Array.from({ length: 50 }, (_, n) => jobs.add(null, { a: n, b: n })));
      expect(sums).toEqual(Array.from({ length: 50 }, (_, n) => 2 * n));
      expect(await jobs.to(null, { metadata: { trace: 'a1' } }).add({ a: 1, b: 2 })).toBe(3);
    }
  });

  it('rejects at once if nobody serves: the call was not carried out', async () => {
    const jobs = await caller(fresh());
    const error = await failure(jobs.meet(null));
    expect(error).toBeInstanceOf(ConnectionLost);
    expect(error).toMatchObject({ maybeExecuted: false });
    expect(jobs.pendingCalls()).toEqual([]);
  });

  it('cancels a call at its worker, whether that is known or not', async () => {
    const url = fresh();
    const side = await worker(url);
    let working = 0;
    const aborted: number[] = [];
    side.slow.connect(
      (sender, { n }) =>
        new Promise(() => {
          working++;
          sender.signal.addEventListener('abort', () => aborted.push(n));
        }),
    );
    const jobs = await caller(url);
    const control = new AbortController();
    const call = failure(jobs.to(null, { signal: control.signal }).slow({ n: 1 }));
    await until(() => working === 1);
    control.abort();
    await call;
    await until(() => aborted.length === 1);
  });

  it('rejects the calls of a worker that is killed within three beats, whether it has reported them or not', async () => {
    const url = fresh();
    const { child, said } = await program('worker', url);
    const jobs = await caller(`${url}?beat=${BEAT}`);
    const reported = failure(jobs.slow(null, { n: 1 }));
    await until(() => said.includes('at work 1'));
    // Longer than a beat: the worker has reported the call.
    await new Promise((resolve) => setTimeout(resolve, 2 * BEAT));
    const unreported = failure(jobs.slow(null, { n: 2 }));
    await until(() => said.includes('at work 2'));
    const killed = performance.now();
    child.kill('SIGKILL');
    for (const error of await Promise.all([reported, unreported])) {
      expect(error).toBeInstanceOf(ConnectionLost);
      expect(error).toMatchObject({ maybeExecuted: true });
    }
    // A busy machine may take longer; a minute is the timeout of a call.
    expect(performance.now() - killed).toBeLessThan(30 * BEAT);
    expect(jobs.pendingCalls()).toEqual([]);
  });

  it('keeps a call that takes longer than three beats', async () => {
    const url = fresh();
    const side = await worker(`${url}?beat=50`);
    side.slow.connect(async () => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      return 'done';
    });
    const jobs = await caller(`${url}?beat=50`);
    expect(await jobs.slow(null, { n: 1 })).toBe('done');
  });

  it('aborts the calls of a caller that is killed', async () => {
    const url = fresh();
    const side = await worker(`${url}?beat=${BEAT}`);
    let signal: AbortSignal | undefined;
    side.slow.connect((sender) => {
      signal = sender.signal;
      return new Promise(() => {});
    });
    const { child } = await program('caller', url);
    await until(() => signal !== undefined);
    child.kill('SIGKILL');
    await until(() => signal?.aborted === true);
  });

  it('loses no call while the server is killed, and started again a second later', async () => {
    const own = await startNats();
    try {
      const url = `nats://127.0.0.1:${own.port}/jobs`;
      const side = await worker(url);
      const release: (() => void)[] = [];
      side.slow.connect((_sender, { n }) => new Promise((resolve) => release.push(() => resolve(`slow ${n}`))));
      side.add.connect((_sender, { a, b }) => a + b);
      const jobs = await caller(url);
      const slow = Promise.all(Array.from({ length: 20 }, (_, n) => jobs.slow(null, { n })));
      await until(() => release.length === 20);
      await own.kill();
      const [service] = jobs.peers.values();
      await until(() => service?.isAway === true);
      const meanwhile = Array.from({ length: 100 }, (_, n) => jobs.add(null, { a: n, b: 1 }));
      for (const each of release.splice(0, 10)) each();
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await own.start();
      expect(await Promise.all(meanwhile)).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
      for (const each of release.splice(0)) each();
      expect(await slow).toEqual(Array.from({ length: 20 }, (_, n) => `slow ${n}`));
      expect(service?.isAway).toBe(false);
    } finally {
      await own.end();
    }
  });

  it('answers a bare client of NATS, single calls and batches', async () => {
    const url = fresh();
    const side = await worker(url);
    side.add.connect((_sender, { a, b }) => a + b);
    const told: string[] = [];
    side.told.connect((_sender, { text }) => void told.push(text));
    const client = await connect({ servers: `127.0.0.1:${engine.port}` });
    const subject = subjectOf(url);
    const ask = async (message: unknown) => (await client.request(subject, JSON.stringify(message))).json();
    const add = (id: number) => ({ jsonrpc: '2.0', id, method: 'add', params: { a: id, b: 40 } });
    expect(await ask(add(1))).toEqual({ jsonrpc: '2.0', id: 1, result: 41 });
    expect(await ask([add(1), add(2)])).toEqual([
      { jsonrpc: '2.0', id: 1, result: 41 },
      { jsonrpc: '2.0', id: 2, result: 42 },
    ]);
    expect(await ask({ jsonrpc: '2.0', id: 1, method: 'nothing' })).toMatchObject({ error: { code: -32601 } });
    const many = await Promise.all(Array.from({ length: 500 }, (_, n) => ask({ ...add(1), params: { a: n, b: 0 } })));
    expect(many).toEqual(Array.from({ length: 500 }, (_, result) => ({ jsonrpc: '2.0', id: 1, result })));
    client.publish(subject, JSON.stringify({ jsonrpc: '2.0', method: 'told', params: { text: 'hi' } }));
    await until(() => told.length === 1);
    expect(side.peers.size).toBe(0);
    await client.close();
  });

  it('ignores forged reports and answers', async () => {
    const url = fresh();
    const side = await worker(url);
    let release: (() => void) | undefined;
    side.slow.connect(
      (_sender, { n }) =>
        new Promise((resolve) => {
          release = () => resolve(`slow ${n}`);
        }),
    );
    const jobs = await caller(url);
    const call = jobs.slow(null, { n: 1 });
    await until(() => release !== undefined);
    const client = await connect({ servers: `127.0.0.1:${engine.port}` });
    // The inbox of the caller is secret; with `_everyone`, anybody reaches it.
    const say = (message: unknown, reply?: string): void =>
      client.publish(`${subjectOf(url)}._everyone`, JSON.stringify(message), reply === undefined ? {} : { reply });
    say({ jsonrpc: '2.0', method: 'rpc.working', params: [1, 'x', 99] });
    client.publish(`${subjectOf(url)}._spread`, JSON.stringify({ jsonrpc: '2.0', method: 'rpc.cancel', params: [1] }), {
      reply: '_INBOX.o-0123456789abcdefghijkl.0.0',
    });
    await client.flush();
    release?.();
    expect(await call).toBe('slow 1');
    await client.close();
  });

  it('notifies all connected peers with null, and the subscribers of a topic', async () => {
    const url = fresh();
    const side = await worker(url);
    const heard: string[] = [];
    const callers = await Promise.all(
      ['ann', 'bob'].map(async (name) => {
        const jobs = await caller(url);
        jobs.news.connect((_sender, { text }) => void heard.push(`${name} ${text}`));
        return jobs;
      }),
    );
    side.news(null, { text: 'all' });
    await until(() => heard.length === 2);
    expect(heard.sort()).toEqual(['ann all', 'bob all']);
    await callers[0]!.subscribe('sport.*');
    side.to(topic('sport.goal')).news({ text: 'goal' });
    await until(() => heard.length === 3);
    expect(heard[2]).toBe('ann goal');
  });
});
