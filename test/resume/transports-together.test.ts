import { afterEach, describe, expect, it } from 'vitest';
import type { Options } from '../../src/index.js';
import { chaosProxy } from '../../src/testing/chaos-proxy.js';
import { failure, until } from '../support/core-waiting.js';
import { atEnd, clear, Desk, serve } from './resuming.js';

afterEach(clear);

const urls = { tcp: 'tcp://127.0.0.1:0', ws: 'ws://127.0.0.1:0/' } as const;

async function proxied(to: string) {
  const proxy = await chaosProxy({ to });
  atEnd(() => proxy.close());
  return proxy;
}

const dialedAgain = { reconnect: { delay: 1 } } satisfies Options;

describe.each(['jrpc', 'msgpack'])('with %s', (codec) => {
  it.each([
    ['tcp', 'ws'],
    ['ws', 'tcp'],
  ] as const)(
    'changeTransport from reconnect+%s to reconnect+%s and back, with calls open and cuts in between: each call runs once',
    async (from, to) => {
      const one = await serve(urls[from], { resume: true, codec });
      const two = await serve(urls[to], { resume: true, codec });
      const ways = [await proxied(one.server.address), await proxied(two.server.address)] as const;
      const client = await Desk.invert().connect(ways[0].url, { logger: null, codec, ...dialedAgain });
      atEnd(() => client.close());
      client.confirm.connect((_sender, { n }) => n * 3);
      const events: string[] = [];
      for (const event of ['connect', 'disconnect', 'resumed', 'reconnected', 'lost'] as const)
        client.on(event, () => void events.push(event));
      const calls: Promise<unknown>[] = [];
      const expected: number[] = [];
      let n = 0;
      const ask = (): void => {
        n++;
        calls.push(client.remote.ask({ n }));
        expected.push(n * 2);
      };
      for (let round = 0; round < 3; round++) {
        const there = ways[(round + 1) % 2] as (typeof ways)[0];
        const slow = client.remote.ask({ n: 1_000 + round });
        const serving = round % 2 === 0 ? one : two;
        await until(() => serving.release.length > 0);
        const stream = client.remote.count({ to: 300 });
        const items: number[] = [];
        const reading = (async () => {
          for await (const item of stream) items.push(item);
        })();
        for (let times = 0; times < 5; times++) ask();
        const changed = client.changeTransport(there.url);
        for (let times = 0; times < 5; times++) ask();
        await until(() => client.peers.size === 1 && client.address !== ways[round % 2]?.url);
        ask();
        // What is open over the old one goes on.
        for (const release of serving.release.splice(0)) release();
        expect(await slow).toBe(2 * (1_000 + round));
        await reading;
        expect(items.length).toBe(300);
        await changed;
        expect(client.peers.size).toBe(1);
        there.cut('rst');
        ask();
        await Promise.all(calls);
      }
      expect(await Promise.all(calls)).toEqual(expected);
      const ran = [...one.seen.ran, ...two.seen.ran];
      expect(ran.every(([, times]) => times === 1)).toBe(true);
      expect(ran.length).toBe(n + 3);
      expect(events).not.toContain('lost');
      const serving = [one, two][1] as typeof one;
      await until(() => serving.server.peers.size === 1);
      expect(await serving.server.remote.confirm({ n: 7 })).toBe(21);
    },
    20_000,
  );

  it('changeTransport, and then the old link is cut: what is open over it rejects at once, for it is not dialed again', async () => {
    const one = await serve(urls.tcp, { resume: true, codec });
    const two = await serve(urls.ws, { resume: true, codec });
    const way = await proxied(one.server.address);
    const client = await Desk.invert().connect(way.url, { logger: null, codec, ...dialedAgain });
    atEnd(() => client.close());
    const open = failure(client.remote.ask({ n: 1_000 }));
    await until(() => one.release.length > 0);
    const changed = client.changeTransport(two.server.address);
    await until(() => two.server.peers.size === 1);
    expect(await client.remote.ask({ n: 1 })).toBe(2);
    way.cut('rst');
    expect(await open).toMatchObject({ name: 'ConnectionLost', maybeExecuted: true });
    await changed;
    expect(await client.remote.ask({ n: 2 })).toBe(4);
    expect(client.peers.size).toBe(1);
  });

  it('changeTransport away from a link that is cut for good: what waits for it rejects as not carried out', async () => {
    const one = await serve(urls.tcp, { resume: true, codec });
    const two = await serve(urls.ws, { resume: true, codec });
    const way = await proxied(one.server.address);
    const client = await Desk.invert().connect(way.url, { logger: null, codec, ...dialedAgain });
    atEnd(() => client.close());
    await way.close();
    await until(() => [...client.peers.values()][0]?.isAway === true);
    const waiting = failure(client.remote.ask({ n: 1 }));
    await client.changeTransport(two.server.address);
    expect(await waiting).toMatchObject({ name: 'ConnectionLost', maybeExecuted: false });
    expect(await client.remote.ask({ n: 2 })).toBe(4);
    expect(client.peers.size).toBe(1);
  });

  it('mux of two addresses that are dialed again: a cut of one is felt by its calls alone, and both continue', async () => {
    const one = await serve(urls.tcp, { resume: true, codec });
    const two = await serve(urls.ws, { resume: true, codec });
    const ways = [await proxied(one.server.address), await proxied(two.server.address)] as const;
    const client = await Desk.invert().connect(`mux:(reconnect+${ways[0].url})(reconnect+${ways[1].url})`, {
      logger: null,
      codec,
    });
    atEnd(() => client.close());
    await until(() => client.peers.size === 2);
    const events: string[] = [];
    client.on('disconnect', () => void events.push('disconnect'));
    client.on('resumed', ({ id }) => void events.push(`resumed ${id}`));
    const peers = [...client.peers.values()];
    const calls: Promise<number>[] = [];
    for (let round = 1; round <= 6; round++) {
      calls.push(...peers.map((peer) => client.to(peer).ask({ n: round })));
      ways[round % 2]?.cut('rst');
      calls.push(...peers.map((peer) => client.to(peer).ask({ n: 10 + round })));
      const before = events.length;
      await until(() => events.length > before);
    }
    expect(await Promise.all(calls)).toEqual(
      Array.from({ length: 6 }, (_, at) => [2 * at + 2, 2 * at + 2, 22 + 2 * at, 22 + 2 * at]).flat(),
    );
    expect([...client.peers.values()]).toEqual(peers);
    expect(events).not.toContain('disconnect');
    for (const { seen } of [one, two]) expect([...seen.ran.values()].every((times) => times === 1)).toBe(true);
  });

  it('the option reconnect with a mux: each part is dialed again by itself', async () => {
    const one = await serve(urls.tcp, { resume: true, codec });
    const two = await serve(urls.ws, { resume: true, codec });
    const ways = [await proxied(one.server.address), await proxied(two.server.address)] as const;
    const client = await Desk.invert().connect([ways[0].url, ways[1].url], { logger: null, codec, ...dialedAgain });
    atEnd(() => client.close());
    await until(() => client.peers.size === 2);
    const resumed: string[] = [];
    client.on('resumed', ({ id }) => void resumed.push(id));
    for (const way of ways) way.cut('rst');
    const answers = [...client.peers.values()].map((peer) => client.to(peer).ask({ n: 4 }));
    expect(await Promise.all(answers)).toEqual([8, 8]);
    expect(new Set(resumed).size).toBe(2);
  });
});

it('the option reconnect with mux: as a text says what to write instead', async () => {
  const one = await serve(urls.tcp);
  const error = await failure(
    Desk.invert().connect(`mux:(${one.server.address})(${one.server.address})`, { logger: null, ...dialedAgain }),
  );
  expect(error.message).toContain('give each part a reconnect of its own');
});
