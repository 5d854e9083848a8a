import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../support/core-waiting.js';
import { atEnd, clear, Desk, serve } from './resuming.js';

afterEach(clear);

/** A server that keeps sessions, and a side that connects to it again by its option. */
async function pair(address: string, codec: string, resume?: boolean) {
  const { server, seen } = await serve(address, { resume: true, codec });
  const events: string[] = [];
  const begun: number[] = [];
  const client = await Desk.invert().connect(server.address, {
    codec,
    logger: null,
    reconnect: {
      delay: 1,
      ...(resume === undefined ? {} : { resume }),
      begin: async (remote: { ask(args: { n: number }): Promise<number> }) => {
        begun.push(await remote.ask({ n: begun.length + 1 }));
      },
    },
  });
  atEnd(() => client.close());
  client.told.connect((_sender, { n }) => void seen.told.push(n));
  for (const event of ['connect', 'disconnect', 'resumed', 'reconnected'] as const)
    client.on(event, () => void events.push(event));
  const cut = () => {
    for (const session of server.peers.values())
      (session as unknown as { session: { link: { close(reason: Error): void } } }).session.link.close(
        new Error('cut'),
      );
  };
  await until(() => begun.length === 1);
  return { server, client, events, begun, seen, cut };
}

describe.each([
  ['tcp://127.0.0.1:0', 'jrpc'],
  ['tcp://127.0.0.1:0', 'msgpack'],
  ['ws://127.0.0.1:0', 'jrpc'],
])('the option reconnect, to a side that keeps sessions, over %s with %s', (address, codec) => {
  it('continues the session: begin does not run again, and calls of the time between arrive once', async () => {
    const { client, events, begun, seen, cut } = await pair(address, codec);
    for (let n = 10; n < 14; n++) {
      cut();
      expect(await client.remote.ask({ n })).toBe(2 * n);
    }
    expect(new Set(events)).toEqual(new Set(['resumed']));
    expect(begun).toEqual([2]);
    expect([...seen.ran]).toEqual([1, 10, 11, 12, 13].map((n) => [n, 1]));
  });

  it('begins another session where the other side has ended it, with begin before the calls that wait', async () => {
    const { server, client, events, begun, seen } = await pair(address, codec);
    for (const peer of [...server.peers.values()]) await peer.close();
    await until(() => events.includes('disconnect'));
    expect(await client.remote.ask({ n: 20 })).toBe(40);
    await until(() => events.includes('reconnected'));
    expect(events).toEqual(['disconnect', 'connect', 'reconnected']);
    expect(begun).toEqual([2, 4]);
    expect([...seen.ran.keys()]).toEqual([1, 2, 20]);
  });

  it('has a new session for each link with resume: false', async () => {
    const { client, events, begun, cut } = await pair(address, codec, false);
    cut();
    await until(() => events.includes('reconnected'));
    expect(await client.remote.ask({ n: 30 })).toBe(60);
    expect(events).toEqual(['disconnect', 'connect', 'reconnected']);
    expect(begun).toEqual([2, 4]);
  });
});
