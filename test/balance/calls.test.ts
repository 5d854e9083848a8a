import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../src/index.js';
import { until } from '../support/core-waiting.js';
import { balanced, connect, counts, roomName, serve, serveAll, socketPath } from './sides.js';

const kinds = ['tcp://127.0.0.1:0', 'ws://127.0.0.1:0', socketPath(), roomName()];

/** A server over each kind of transport. */
const serveKinds = () => Promise.all(kinds.map((address, n) => serve(`s${n}`, address)));

describe('several servers behind one client', () => {
  it('are one peer, and get the calls in turn, whatever their transports', async () => {
    const servers = await serveKinds();
    const { client } = await balanced(servers);
    expect([...client.peers.keys()]).toEqual(['balance']);
    expect(client.address).toBe(`balance:${servers.map(({ address }) => `(${address})`).join('')}`);
    expect([...client.peers.values()][0]?.info).toEqual({ parts: servers.map(({ address }) => address) });
    const names: string[] = [];
    for (let n = 0; n < 12; n++) names.push(await client.remote.who());
    const first = names.slice(0, 4);
    expect([...first].sort()).toEqual(['s0', 's1', 's2', 's3']);
    expect(names).toEqual([...first, ...first, ...first]);
    for (const server of servers) expect(server.peers.size).toBe(1);
  });

  it('share ten thousand calls, each within 10 percent', async () => {
    const { client } = await balanced(await serveAll(4));
    const names: string[] = [];
    for (let n = 0; n < 10; n++)
      names.push(...(await Promise.all(Array.from({ length: 1_000 }, () => client.remote.who()))));
    for (const count of Object.values(counts(names))) expect(Math.abs(count - 2_500)).toBeLessThanOrEqual(250);
    expect(Object.keys(counts(names))).toHaveLength(4);
    expect(client.pendingCalls()).toEqual([]);
  });

  it('by pending calls: who has open ones gets fewer', async () => {
    const [slow, quick] = await Promise.all([serve('slow'), serve('quick')]);
    const release: (() => void)[] = [];
    slow.slow.connect(() => new Promise((resolve) => release.push(() => resolve('slow'))));
    quick.slow.connect(() => 'quick');
    const { client } = await balanced([slow, quick], { by: 'pending' });
    const answers: string[] = [];
    const calls: Promise<unknown>[] = [];
    for (let n = 0; n < 40; n++) {
      const call = client.remote.slow({ n }).then((name) => answers.push(name));
      calls.push(call);
      await until(() => answers.length + release.length > n);
    }
    expect(release).toHaveLength(1);
    for (const each of release) each();
    await Promise.all(calls);
    expect(counts(answers)).toEqual({ slow: 1, quick: 39 });
  });

  it('by pending calls: equally loaded ones get them in turn', async () => {
    const { client } = await balanced(await serveAll(3), { by: 'pending' });
    const names = await Promise.all(Array.from({ length: 300 }, () => client.remote.who()));
    expect(counts(names)).toEqual({ s0: 100, s1: 100, s2: 100 });
  });

  it('call their caller back, each over its own link', async () => {
    const servers = await serveKinds();
    for (const [n, server] of servers.entries())
      server.meet.connect(async (sender) => `s${n} met ${await server.name(sender)}`);
    const clients = await Promise.all(
      ['x', 'y'].map(async (name) => {
        const { client } = await balanced(servers);
        client.name.connect(() => name);
        return client;
      }),
    );
    const met = await Promise.all(
      Array.from({ length: 200 }, async (_, n) => [n % 2, await clients[n % 2]?.remote.meet()] as const),
    );
    for (const [at, text] of met) expect(text).toMatch(new RegExp(`met ${'xy'[at]}$`));
    expect(new Set(met.map(([, text]) => text)).size).toBe(8);
  });

  it('carry streams, functions, streams as arguments, progress and values', async () => {
    const servers = await serveKinds();
    for (const server of servers) {
      server.count.connect(async function* (_sender, { to }) {
        for (let n = 0; n < to; n++) yield n;
      });
      server.each.connect(async (sender, { step }) => {
        sender.progress('half');
        return `${await step(1)} ${await step(2)}`;
      });
      server.sum.connect(async (_sender, { of }) => {
        let sum = 0;
        for await (const each of of) sum += each;
        return sum;
      });
      server.when.connect((_sender, { at }) => at + 1n);
      let count = 0;
      server.counter.connect(() => () => ++count);
    }
    const { client } = await balanced(servers);
    async function* numbers() {
      for (let n = 0; n < 600; n++) yield n;
    }
    for (const _server of servers) {
      const items: number[] = [];
      for await (const item of client.remote.count({ to: 1_000 })) items.push(item);
      expect(items).toEqual(Array.from({ length: 1_000 }, (_, n) => n));
    }
    const progress: unknown[] = [];
    const stepping = { onProgress: (value: unknown) => void progress.push(value) };
    for (const _server of servers)
      expect(await client.to(null, stepping).each({ step: (n: number) => n * 2 })).toBe('2 4');
    expect(progress).toEqual(['half', 'half', 'half', 'half']);
    for (const _server of servers) expect(await client.remote.sum({ of: numbers() })).toBe((599 * 600) / 2);
    for (const _server of servers) expect(await client.remote.when({ at: 5n })).toBe(6n);
    // Each counter is that of its server.
    for (const _server of servers) {
      const counter = await client.remote.counter();
      expect([await counter(), await counter()]).toEqual([1, 2]);
    }
  });

  it('are told of a call that is cancelled, and only the one that has it', async () => {
    const servers = await serveAll(2);
    const seen: string[] = [];
    for (const [n, server] of servers.entries())
      server.slow.connect((sender) => {
        seen.push(`s${n} begun`);
        sender.signal.addEventListener('abort', () => seen.push(`s${n} aborted`));
        return new Promise(() => {});
      });
    const { client } = await balanced(servers);
    const stop = new AbortController();
    const cancelled = client.to(null, { signal: stop.signal }).slow({ n: 1 });
    cancelled.catch(() => {});
    await until(() => seen.length === 1);
    const other = client.remote.slow({ n: 2 });
    other.catch(() => {});
    await until(() => seen.length === 2);
    stop.abort();
    await expect(cancelled).rejects.toThrow('cancelled');
    await until(() => seen.length === 3);
    expect(seen[2]).toBe(seen[0]?.replace('begun', 'aborted'));
    expect(client.pendingCalls()).toHaveLength(1);
  });

  it('get notifications one by one, in turn as well', async () => {
    const servers = await serveAll(2);
    const told: string[] = [];
    for (const [n, server] of servers.entries())
      server.told.connect((_sender, { text }) => void told.push(`s${n} ${text}`));
    const { client } = await balanced(servers);
    for (const text of ['1', '2', '3', '4']) client.remote.told({ text });
    await client.flush();
    await until(() => told.length === 4);
    expect(counts(told.map((each) => each.slice(0, 2)))).toEqual({ s0: 2, s1: 2 });
  });

  it('tell all their clients what they say to null', async () => {
    const servers = await serveAll(2);
    const heard: string[] = [];
    for (const name of ['x', 'y']) {
      const { client } = await balanced(servers);
      client.news.connect((_sender, { text }) => void heard.push(`${name} ${text}`));
    }
    servers[0]?.news(null, { text: 'hello' });
    await until(() => heard.length === 2);
    expect(heard.sort()).toEqual(['x hello', 'y hello']);
  });

  it('of which one is named twice gets twice the share', async () => {
    const [first, second] = await serveAll(2);
    const { client } = await balanced([first!, first!, second!]);
    const names = await Promise.all(Array.from({ length: 30 }, () => client.remote.who()));
    expect(counts(names)).toEqual({ s0: 20, s1: 10 });
  });

  it('may be one', async () => {
    const [only] = await serveAll(1);
    const client = await connect(`balance:(${only?.address})`);
    expect(await client.remote.who()).toBe('s0');
  });

  it('with different bounds on frames: a call that is too large for one of them fails alone', async () => {
    const servers = [await serve('s0'), await serve('s1', undefined, { limits: { frameBytes: 100_000 } })];
    for (const server of servers) server.told.connect(() => {});
    const { client } = await balanced(servers);
    const open = client.remote.who();
    const step = (): number => 1;
    const large = client.remote.each({ step, padding: 'x'.repeat(200_000) } as never);
    await expect(large).rejects.toThrow(ProtocolError);
    await expect(large).rejects.toThrow('larger than 100000 bytes');
    expect(await open).toMatch(/^s/);
    expect(new Set([await client.remote.who(), await client.remote.who()]).size).toBe(2);
  });

  it('are closed with the side, and nothing is left', async () => {
    const servers = await serveAll(2);
    for (const server of servers) server.slow.connect(() => new Promise(() => {}));
    const { client } = await balanced(servers);
    const call = client.remote.slow({ n: 1 });
    await until(() => client.pendingCalls().length === 1);
    const closing = client.close();
    await expect(call).rejects.toThrow('was closed');
    await closing;
    expect(client.pendingCalls()).toEqual([]);
    await until(() => servers.every(({ peers }) => peers.size === 0));
  });

  it('wait for open calls when the side is closed with drain', async () => {
    const servers = await serveAll(2);
    const release: (() => void)[] = [];
    for (const server of servers)
      server.slow.connect((_sender, { n }) => new Promise((resolve) => release.push(() => resolve(`done ${n}`))));
    const { client } = await balanced(servers);
    const calls = [client.remote.slow({ n: 1 }), client.remote.slow({ n: 2 }), client.remote.slow({ n: 3 })];
    await until(() => release.length === 3);
    const closing = client.close({ drain: 60_000 });
    for (const each of release) each();
    expect(await Promise.all(calls)).toEqual(['done 1', 'done 2', 'done 3']);
    await closing;
  });
});
