import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../support/core-waiting.js';
import { dialDesk, serveDesk } from './fleet.js';

const jobs: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const job of jobs.splice(0).reverse()) await job();
});

/** The server that takes the place of another one at the same address, as soon as that can be had. */
async function takeOver(address: string, name: string, codec: string) {
  for (;;) {
    try {
      return await serveDesk(address, name, { codec });
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

const kinds = [
  ['tcp://127.0.0.1:0', 'jrpc'],
  ['tcp://127.0.0.1:0', 'msgpack'],
  ['ws://127.0.0.1:0', 'jrpc'],
  ['ws://127.0.0.1:0', 'msgpack'],
] as const;

describe.each(kinds)('servers that take each other’s place under load, over %s with %s', (url, codec) => {
  it('lose no call: calls of both directions, streams of both directions, callbacks', async () => {
    const first = await serveDesk(url, '0', { codec });
    const servers = [first];
    const { address } = first.server;
    const clients = await Promise.all(Array.from({ length: 3 }, () => dialDesk(address, { codec })));
    jobs.push(async () => {
      await Promise.all([...servers, ...clients].map((each) => each.stop()));
      await Promise.all(clients.map(({ client }) => client.close()));
      await Promise.all(servers.map(({ server }) => server.close()));
    });
    for (const name of ['1', '2', '3']) {
      const last = servers.at(-1)!;
      await until(
        () => clients.every(({ by }) => (by.get(String(servers.length - 1)) ?? 0) > 20) && last.seen.confirmed > 30,
      );
      const closing = last.server.close({ drain: 10_000 });
      servers.push(await takeOver(address, name, codec));
      await closing;
      expect(last.server.peers.size).toBe(0);
    }
    await until(() => clients.every(({ by }) => (by.get('3') ?? 0) > 20));
    await Promise.all([...servers, ...clients].map((each) => each.stop()));
    expect([...servers, ...clients].flatMap(({ failures }) => failures)).toEqual([]);
    for (const { events, done } of clients) {
      expect(events.filter((event) => event !== 'disconnect')).toEqual(Array(3).fill('reconnected: leaving'));
      expect(Object.values(done).every((count) => count > 0)).toBe(true);
    }
    for (const { client } of clients) expect(client.stats()).toMatchObject({ peers: 1, pendingCalls: 0, streams: 0 });
  });
});
