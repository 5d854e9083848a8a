import { describe, expect, it } from 'vitest';
import {
  Aborted,
  type CallContext,
  Code,
  ConnectionLost,
  type RemoteError,
  TimeoutError,
  UsageError,
} from '../../src/index.js';
import { failure, until } from '../support/core-waiting.js';
import { Chat, meet, Stats, ways } from './sides.js';

describe.each(ways)('calls by path over %s with %s', (...way) => {
  it('do the same as the declared method', async () => {
    await using sides = await meet(way);
    const { server, client } = sides;
    client.add.connect((_sender, a, b) => a + b);
    client.sub.connect((_sender, a, b) => a - b);
    const heard: unknown[] = [];
    client.room.said.connect((_sender, args) => void heard.push(args));
    client.rows.connect(function* (_sender, { n }) {
      for (let i = 0; i < n; i++) yield i;
    });
    expect(await server.callPath('add', [1, 2])).toBe(3);
    // By name in any order, and by position if the decorator has names.
    expect(await server.callPath('sub', { b: 1, a: 5 })).toBe(4);
    expect(await server.callPath('sub', [5, 1])).toBe(4);
    server.notifyPath('room.said', { text: 'hi' });
    server.room.notifyPath('said', [{ text: 'you' }]);
    const items: number[] = [];
    for await (const item of server.streamPath<number>('rows', { n: 3 })) items.push(item);
    expect(items).toEqual([0, 1, 2]);
    await until(() => heard.length === 2);
    expect(heard).toEqual([{ text: 'hi' }, { text: 'you' }]);
  });

  it('pass whatever a call can pass', async () => {
    await using sides = await meet(way);
    const { server, client } = sides;
    server.setHandler('each', async (_sender, list: number[], step: (n: number) => Promise<number>) => {
      let sum = 0;
      for (const n of list) sum += await step(n);
      return sum;
    });
    server.setHandler('take', async (_sender, { items }: { items: AsyncIterable<number> }) => {
      let sum = 0;
      for await (const n of items) sum += n;
      return sum;
    });
    expect(await client.callPath('each', [[1, 2, 3], (n: number) => n * 2])).toBe(12);
    async function* items(): AsyncGenerator<number> {
      yield* [1, 2, 3];
    }
    expect(await client.callPath('take', { items: items() })).toBe(6);
  });
});

describe('a call by path', () => {
  it('has the options of any call', async () => {
    await using sides = await meet(undefined, { defaults: { metadata: { side: 1 } } });
    const { server, client } = sides;
    const told: unknown[] = [];
    client.setHandler('work', async (sender, ms: number) => {
      sender.progress(ms);
      await new Promise((resolve) => setTimeout(resolve, ms));
      return { ...sender.metadata };
    });
    const onProgress = (value: unknown): void => void told.push(value);
    expect(await server.callPath('work', [0], { onProgress, metadata: { call: 2 } })).toEqual({ side: 1, call: 2 });
    expect(told).toEqual([0]);
    await expect(server.callPath('work', [60_000], { timeout: 10 })).rejects.toThrow(TimeoutError);
    const signal = AbortSignal.timeout(10);
    await expect(server.callPath('work', [60_000], { signal })).rejects.toThrow(Aborted);
    expect(await server.callPath('nope', [], { ignoreErrors: true })).toBe(undefined);
    const view = server.with({ metadata: { view: 3 } });
    expect(await view.callPath('work', [0])).toEqual({ side: 1, view: 3 });
    expect(await view.room.callPath('work', [0]).catch((error: RemoteError) => error.code)).toBe(Code.MethodNotFound);
    await expect(server.callPath('work', [0], { timeot: 1 } as never)).rejects.toThrow(
      'unknown option "timeot" of a call',
    );
  });

  it('goes to its receivers', async () => {
    await using sides = await meet(['tcp:', 'jrpc']);
    const { server, client } = sides;
    await using other = await Chat.invert().connect(server.address, { logger: null });
    await until(() => server.peers.size === 2);
    const heard: string[] = [];
    client.setHandler('*', (_sender, _args, { method }) => `client ${method} ${heard.push('client')}`);
    other.setHandler('*', (_sender, _args, { method }) => `other ${method} ${heard.push('other')}`);
    const [one, two] = [...server.peers.values()];
    expect(await server.callPath('who', [], { to: one as never })).toBe('client who 1');
    expect(await server.callPath('who', [], { to: two?.id as string })).toBe('other who 2');
    server.notifyPath('news', { a: 1 });
    await until(() => heard.length === 4);
    server.notifyPath('news', { a: 1 }, { to: server.everyone.except(one as never) });
    await until(() => heard.length === 5);
    expect(heard[4]).toBe('other');
    await expect(server.callPath('who', [], { to: 'nobody' })).rejects.toThrow(
      new ConnectionLost('no peer is called "nobody"', { maybeExecuted: false }),
    );
    expect(() => server.notifyPath('who', [], { to: 'nobody' })).toThrow(ConnectionLost);
  });

  it('goes through the interceptors of its path', async () => {
    await using sides = await meet();
    const { server, client } = sides;
    const seen: string[] = [];
    client.room.use((call: CallContext, next) => {
      seen.push(`${call.direction} ${call.path} ${call.method} ${call.kind}`);
      return next();
    });
    server.setHandler('**', () => 1);
    await client.callPath('room.attic.any');
    client.room.notifyPath('other');
    await client.callPath('elsewhere');
    expect(seen).toEqual([
      'outgoing room.attic.any room.roof.top.any request',
      'outgoing room.other room.other notification',
    ]);
  });

  it('keeps its order among other calls', async () => {
    await using sides = await meet();
    const { server, client } = sides;
    const heard: unknown[] = [];
    client.told.connect((_sender, { text }) => void heard.push(text));
    client.setHandler('x', (_sender, n) => void heard.push(n));
    server.notifyPath('x', [1]);
    server.told(null, { text: '2' });
    const asked = server.callPath('x', [3]);
    server.notifyPath('told', { text: '4' });
    await asked;
    await until(() => heard.length === 4);
    expect(heard).toEqual([1, '2', 3, '4']);
  });

  it('is refused on this side if it cannot succeed', async () => {
    await using sides = await meet();
    const { server } = sides;
    const calls: [() => Promise<unknown>, string][] = [
      [() => server.callPath('told', { text: '' }), 'told is a notification: call it with notifyPath'],
      [() => server.callPath('rows', { n: 1 }), 'rows is a stream: call it with streamPath'],
      [() => server.callPath('sub', { c: 1 }), 'sub has no argument "c"; its arguments are a, b'],
      [() => server.callPath('sub', [1, 2, 3]), 'sub takes 2 arguments (a, b), not 3'],
      [
        () => server.callPath('x', 7 as never),
        'x: the arguments must be an array, or an object with their names, not 7',
      ],
      [
        () => server.callPath('x', null as never),
        'x: the arguments must be an array, or an object with their names, not null',
      ],
      [() => server.callPath('room'), '"room" names several methods'],
      [() => server.callPath('rpc.call', [1]), '"rpc.call": names on the wire that begin with "rpc." are reserved'],
      [() => server.callPath('a.then'), 'has the segment "then"'],
      [() => server.callPath(''), 'the path "" has an empty segment'],
      [() => server.callPath(undefined as never), 'a path must be a string such as "room.join", not undefined'],
    ];
    for (const [call, text] of calls) {
      const error = await failure(call());
      expect(error).toBeInstanceOf(UsageError);
      expect(error.message).toContain(text);
    }
    expect(() => server.notifyPath('add', [1, 2])).toThrow('add is a request: call it with callPath');
    expect(() => server.streamPath('add', [1, 2])).toThrow('add is a request: call it with callPath');
  });

  it('reaches mounted sides, by their paths', async () => {
    await using sides = await meet();
    const { server, client } = sides;
    const here = server.mount('stats', Stats);
    const there = client.mount('stats', Stats.invert());
    there.mood.connect(() => 'fine');
    here.daily.size.connect(() => 8);
    expect(await server.callPath('stats.mood')).toBe('fine');
    expect(await here.callPath('mood')).toBe('fine');
    expect(await client.callPath('stats.daily.size')).toBe(8);
    await expect(server.callPath('stats.changed')).rejects.toThrow('stats.changed is a notification');
    expect(() => client.notifyPath('stats.count')).toThrow('stats.count is a request');
    // If a side has the opposite direction to the side that is mounted on it, the mounted side counts.
    client.mount('back', Stats);
    server.mount('back', Stats.invert());
    expect(() => server.notifyPath('back.count')).toThrow('back.count is a request');
    await expect(client.callPath('back.changed')).rejects.toThrow('back.changed is a notification');
  });
});
