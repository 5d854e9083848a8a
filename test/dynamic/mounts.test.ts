import { describe, expect, it } from 'vitest';
import {
  type CallContext,
  ConnectionLost,
  declareMethods,
  incoming,
  namespace,
  RemoteAPI,
  type Reply,
  type Sender,
  type UsageError,
} from '../../src/index.js';
import { RawClient } from '../support/core-raw.js';
import { failure, until } from '../support/core-waiting.js';
import { Attic, Chat, meet, Room, Stats, ways } from './sides.js';

describe.each(ways)('several specs on one connection, over %s with %s', (...way) => {
  it('are served and called in both directions, beside the first one', async () => {
    await using sides = await meet(way);
    const { server, client } = sides;
    const here = server.mount('stats', Stats);
    const there = client.mount('stats', Stats.invert());
    const heard: unknown[] = [];
    here.implement({ count: (_sender, { of }) => of.length, daily: { size: () => 9 } });
    there.implement({
      changed: (_sender, { to }) => void heard.push(to),
      mood: () => 'happy',
      daily: { dusty: (_sender, { inches }) => void heard.push(inches) },
    });
    server.hello.connect((_sender, { name }) => `hello ${name}`);
    expect(await there.remote.count({ of: 'abc' })).toBe(3);
    expect(await there.to(null, { timeout: 5_000 }).daily.size()).toBe(9);
    expect(await there.count(null, { of: 'ab' })).toBe(2);
    expect(await client.remote.hello({ name: 'ann' })).toBe('hello ann');
    here.changed(null, { to: 1 });
    here.daily.remote.dusty({ inches: 2 });
    expect(await here.remote.mood()).toBe('happy');
    expect((await here.gather(null).mood()).map((each) => each.status)).toEqual(['fulfilled']);
    expect((await here.to(null).detailed.mood()).value).toBe('happy');
    expect(heard).toEqual([1, 2]);
  });

  it('can be inverted on each side, whichever direction the first one has', async () => {
    await using sides = await meet(way);
    // The server is what clients of Stats call; here the client of the chat serves it.
    const serving = sides.client.mount('stats', Stats);
    const calling = sides.server.mount('stats', Stats.invert());
    serving.count.connect((sender, { of }) => of.length + (sender.id === '' ? 1 : 0));
    expect(await calling.remote.count({ of: 'four' })).toBe(4);
    calling.mood.connect(() => 'calm');
    expect(await serving.remote.mood()).toBe('calm');
  });
});

describe('a mounted side', () => {
  it('has the peers, groups and events of the side on which it is mounted', async () => {
    await using sides = await meet();
    const { server, client } = sides;
    const stats = server.mount('stats', Stats);
    expect(stats.peers).toBe(server.peers);
    expect(stats.address).toBe(server.address);
    const heard: number[] = [];
    client.mount('stats', Stats.invert()).changed.connect((_sender, { to }) => void heard.push(to));
    const [peer] = [...server.peers.values()];
    server.group('vip').add(peer as never);
    stats.changed(stats.group('vip'), { to: 1 });
    stats.changed(server.group('vip'), { to: 2 });
    stats.changed(peer as never, { to: 3 });
    stats.changed(stats.everyone.except(peer as never), { to: 4 });
    await until(() => heard.length === 3);
    expect(heard).toEqual([1, 2, 3]);
    const came: string[] = [];
    stats.on('disconnect', ({ id }) => came.push(id));
    await client.close();
    await until(() => came.length === 1);
  });

  it('can be mounted before the other one is opened', async () => {
    await using server = await Chat.serve('memory:mounted-early', { logger: null });
    await using client = Chat.invert().create({ transport: 'memory:mounted-early', logger: null });
    const stats = client.mount('stats', Stats);
    stats.count.connect((_sender, { of }) => of.length);
    expect(() => stats.changed(null, { to: 1 })).toThrow(
      new ConnectionLost('the side is not open: await open() first', { maybeExecuted: false }),
    );
    await client.open();
    expect(await server.mount('stats', Stats.invert()).remote.count({ of: 'abc' })).toBe(3);
  });

  it('runs the bodies of its class, and not those of the other side', async () => {
    class Safe extends RemoteAPI {
      @incoming({ hasReply: true }) draw(_sender: Sender, args: { sum: number }): Reply<number> {
        if (args.sum > 10) throw new RangeError(`too much for ${this.constructor.name}`);
      }
    }
    await using sides = await meet();
    sides.server.mount('safe', Safe).draw.connect((_sender, { sum }) => sum);
    const there = sides.client.mount('safe', Safe.invert());
    expect(await there.remote.draw({ sum: 10 })).toBe(10);
    await expect(there.remote.draw({ sum: 11 })).rejects.toThrow('too much for Safe');
    // Inverted: this side calls draw, and does not run its body.
    sides.client.mount('other', Safe).draw.connect((_sender, { sum }) => sum);
    await expect(sides.server.mount('other', Safe.invert()).remote.draw({ sum: 11 })).rejects.toThrow(
      'too much for Safe',
    );
  });

  it('has its own options, interceptors, handlers by path and mounted sides', async () => {
    await using sides = await meet();
    const { server, client } = sides;
    const stats = server.mount('stats', Stats);
    const there = client.mount('stats', Stats.invert(), { defaults: { metadata: { from: 'there' } } });
    const seen: string[] = [];
    stats.use((call: CallContext, next) => {
      seen.push(`${call.path} ${call.method}`);
      return next();
    });
    stats.count.connect((sender) => Object.keys(sender.metadata).length);
    expect(await there.remote.count({ of: '' })).toBe(1);
    stats.setHandler('daily.swept', () => 'swept');
    stats.setHandler('*', (_sender, _args, { path, method }) => `${path} ${method}`);
    expect(await client.callPath('stats.daily.swept')).toBe('swept');
    expect(await there.callPath('daily.other')).toBe('stats.daily.other stats.day.other');
    const deeper = stats.mount('deeper', Attic);
    deeper.size.connect(() => 5);
    expect(await there.mount('deeper', Attic.invert()).remote.size()).toBe(5);
    server.hello.connect(() => 'no one sees it');
    await client.remote.hello({ name: '' });
    stats.setHandler('*', null);
    server.setHandler('*', (_sender, _args, { path }) => path);
    expect(await client.callPath('stats.day.swept.again')).toBe('stats.daily.swept.again');
    expect(seen.pop()).toBe('stats.daily.swept.again stats.day.swept.again');
    expect(seen).toEqual([
      'stats.count stats.count',
      'stats.daily.swept stats.day.swept',
      'stats.daily.other stats.day.other',
      'stats.deeper.size stats.deeper.size',
    ]);
  });

  it('describes itself with the names that it has when mounted', async () => {
    await using sides = await meet();
    const stats = sides.server.room.mount('stats', Stats);
    expect(stats.describe().map(({ path, method }) => `${path} ${method}`)).toEqual([
      'room.stats.count room.stats.count',
      'room.stats.changed room.stats.changed',
      'room.stats.mood room.stats.mood',
      'room.stats.daily.size room.stats.day.size',
      'room.stats.daily.dusty room.stats.day.dusty',
    ]);
    expect(stats.unhandledCalls()).toEqual(['room.stats.count', 'room.stats.daily.size']);
    expect(sides.server.unhandledCalls()).toContain('room.stats.count');
  });

  it('is not opened or closed separately', async () => {
    await using sides = await meet();
    const stats = sides.server.mount('stats', Stats) as unknown as {
      [verb: string]: (address?: string) => Promise<void>;
    };
    for (const verb of ['open', 'close', 'changeTransport'])
      await expect(stats[verb]?.('memory:x'), verb).rejects.toThrow('"stats" is mounted on another side');
    sides.server.hello.connect(() => 'still there');
    expect(await sides.client.remote.hello({ name: '' })).toBe('still there');
  });
});

describe('unmount', () => {
  it('ends a mounted side, which neither serves nor makes calls any more', async () => {
    await using sides = await meet();
    const { server, client, log } = sides;
    const here = server.mount('stats', Stats);
    const there = client.mount('stats', Stats.invert());
    const disconnect = here.count.connect(() => 1);
    let answer: ((n: number) => void) | undefined;
    here.count.connect(
      () =>
        new Promise<number>((resolve) => {
          answer = resolve;
        }),
    );
    disconnect();
    const pending = there.remote.count({ of: '' });
    await until(() => answer !== undefined);
    expect(server.unmount('stats')).toBe(true);
    expect(server.unmount('stats')).toBe(false);
    // Running handlers continue.
    answer?.(7);
    expect(await pending).toBe(7);

    const refused = await failure<UsageError>(there.remote.count({ of: '' }));
    expect(refused.message).toBe('the method "stats.count" is no longer served: "stats" was unmounted');
    await expect(client.callPath('stats.day.size')).rejects.toThrow('"stats" was unmounted');
    await expect(client.callPath('stats.anything')).rejects.toThrow('"stats" was unmounted');
    const gone = new ConnectionLost('"stats" was unmounted', { maybeExecuted: false });
    expect(() => here.changed(null, { to: 1 })).toThrow(gone);
    expect(() => here.to([...server.peers.values()]).changed({ to: 1 })).toThrow(gone);
    expect(() => here.daily.dusty(null, { inches: 1 })).toThrow(gone);
    await expect(here.remote.mood()).rejects.toThrow(gone);
    await expect(here.gather(null).mood()).rejects.toThrow(gone);
    await expect(here.callPath('x')).rejects.toThrow(gone);
    expect(() => here.setHandler('x', () => {})).toThrow(gone);
    expect(() => here.mount('x', Attic)).toThrow(gone);
    expect(() => here.count).toThrow(gone);
    expect(() => here.peers).toThrow(gone);
    there.notifyPath('late');
    await until(() => log.texts.some((text) => text.includes('"stats.late" is no longer served')));
    server.hello.connect(() => 'still there');
    expect(await client.remote.hello({ name: '' })).toBe('still there');
  });

  it('also unmounts everything below it, and leaves nothing for the next side of that name', async () => {
    await using sides = await meet();
    const { server, client } = sides;
    let guarded = 0;
    for (let round = 1; round <= 3; round++) {
      const stats = server.mount('stats', Stats);
      stats.use((_call, next) => {
        guarded++;
        return next();
      });
      stats.mount('calc', { add: () => round });
      const inner = stats.mount('inner', Attic);
      stats.setHandler('set', () => round);
      stats.setHandler('daily.*', () => round);
      inner.size.connect(() => round);
      for (const path of ['calc.add', 'inner.size', 'set', 'day.some'])
        expect(await client.callPath(`stats.${path}`)).toBe(round);
      expect(guarded).toBe(4 * round);
      expect(server.unmount('stats')).toBe(true);
      for (const path of ['calc.add', 'inner.size', 'set', 'day.some'])
        await expect(client.callPath(`stats.${path}`), path).rejects.toThrow('"stats" was unmounted');
      expect(() => inner.dusty(null, { inches: 1 })).toThrow(ConnectionLost);
    }
    expect(server.unhandledCalls().some((path) => path.startsWith('stats'))).toBe(false);
    // Once the name is used for something else, the old one is forgotten.
    server.setHandler('stats.count', () => 'set');
    expect(await client.callPath('stats.count')).toBe('set');
    server.setHandler('stats.count', null);
    server.mount('stats', Stats);
    await expect(client.callPath('stats.other')).rejects.toThrow('the method "stats.other" is unknown');
  });

  it('is remembered for the latest of many names only', async () => {
    await using sides = await meet();
    for (let n = 0; n < 150; n++) sides.server.mount(`s${n}`, { f: () => n })();
    await expect(sides.client.callPath('s149.f')).rejects.toThrow('"s149" was unmounted');
    await expect(sides.client.callPath('s50.f')).rejects.toThrow('"s50" was unmounted');
    await expect(sides.client.callPath('s49.f')).rejects.toThrow('the method "s49.f" is unknown');
  });
});

it('ends references to the side, which can be passed like any other side', async () => {
  await using sides = await meet();
  const { server, client } = sides;
  const stats = server.mount('stats', Stats);
  stats.implement({ count: (_sender, { of }) => of.length, daily: { size: () => 2 } });
  type Far = { count(args: { of: string }): Promise<number>; daily: { size(): Promise<number> } };
  let far: Far | undefined;
  client.setHandler('take', async (_sender, given: Far) => {
    far = given;
    return (await given.count({ of: 'abc' })) + (await given.daily.size());
  });
  client.setHandler('late', async (_sender, given: Far) => {
    server.unmount('stats');
    return given.count({ of: 'abc' });
  });
  expect(await server.callPath('take', [stats])).toBe(5);
  expect(far).toBeDefined();
  await expect(server.callPath('late', [stats])).rejects.toThrow('"stats" was unmounted');
});

describe('the name of a mounted side', () => {
  it('is one segment that is not in use', async () => {
    await using sides = await meet();
    const { server } = sides;
    const mount =
      (name: unknown, what: object = Stats) =>
      () =>
        server.mount(name as string, what);
    expect(mount('hello')).toThrow('"hello" is declared by Chat');
    expect(mount('room')).toThrow('"room" is declared by Chat');
    expect(mount('told')).toThrow('"told" is declared by Chat');
    expect(mount('helper')).toThrow('"helper" is taken by the method "helper"');
    expect(() => server.room.mount('attic', Stats)).toThrow('"room.attic" is declared by Room');
    expect(() => server.room.mount('roof', Stats)).toThrow('"room.roof" is taken by the method "room.roof.top.size"');
    server.setHandler('set.by.hand', () => {});
    expect(mount('set')).toThrow('"set" is taken by the method "set.by.hand"');
    mount('stats')();
    expect(mount('stats')).toThrow('"stats" is mounted already: unmount("stats") first');
    expect(mount('stats', { a() {} })).toThrow('"stats" is mounted already');
    expect(() => server.setHandler('stats', () => {})).toThrow('"stats" is a namespace, not a method');
    expect(mount('a.b')).toThrow('"a.b": mount() takes one name without a dot');
    expect(mount('*')).toThrow('mount() takes one name without a dot');
    expect(mount('')).toThrow('has an empty segment');
    expect(mount(7)).toThrow('a path must be a string such as "room.join", not 7');
    expect(mount('rpc')).toThrow('are reserved by JSON-RPC');
    expect(mount('rpc', { a() {} })).toThrow('are reserved by JSON-RPC');
    expect(mount('then')).toThrow('has the segment "then"');
    expect(mount('__proto__')).toThrow('has the segment "__proto__"');
    expect(() => server.mount('x', Stats, { default: {} } as never)).toThrow(
      'mount(): unknown option "default"; the only option here is defaults',
    );
    expect(() => server.mount('x', Stats, { defaults: { timeot: 1 } } as never)).toThrow(
      'unknown option "timeot" of a call',
    );
    await using other = await meet();
    expect(mount('x', other.server)).toThrow('"x" is a side with its own connection: mount its class');
    expect(mount('x', class {})).toThrow('mount() takes a class that extends RemoteAPI, or an object');
  });

  it('is free again if the spec is invalid', async () => {
    const schema = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } };
    class Wrong extends RemoteAPI {
      readonly ok = namespace(Room);
      a(_sender: Sender): Reply<number> {}
      b(_sender: Sender): Reply<number> {}
    }
    const marks = { a: incoming({ hasReply: true }), b: incoming({ hasReply: true, items: schema } as never) };
    declareMethods(Wrong, marks as never);
    await using sides = await meet();
    const { server, client } = sides;
    expect(() => server.mount('x', Wrong)).toThrow('x.b: items is for streams');
    await expect(client.callPath('x.a')).rejects.toThrow('the method "x.a" is unknown');
    server.mount('x', Stats).count.connect(() => 1);
    expect(await client.callPath('x.count', { of: '' })).toBe(1);
  });
});

it('a plain JSON-RPC client sees one API', async () => {
  await using server = await Chat.serve('tcp://127.0.0.1:0', { logger: null });
  server.hello.connect((_sender, { name }) => `hello ${name}`);
  const stats = server.mount('stats', Stats);
  stats.count.connect((_sender, { of }) => of.length);
  using raw = await RawClient.connect(server.address);
  raw.write({ jsonrpc: '2.0', id: 1, method: 'hello', params: { name: 'ann' } });
  raw.write({ jsonrpc: '2.0', id: 2, method: 'stats.count', params: { of: 'abc' } });
  raw.write({ jsonrpc: '2.0', id: 3, method: 'stats.changed', params: { to: 1 } });
  raw.write({ jsonrpc: '2.0', id: 4, method: 'stats.onMessageError' });
  const answers = await raw.answers(4);
  expect(answers).toEqual([
    { jsonrpc: '2.0', id: 1, result: 'hello ann' },
    { jsonrpc: '2.0', id: 2, result: 3 },
    {
      jsonrpc: '2.0',
      id: 3,
      error: {
        code: -32601,
        message: 'the method "stats.changed" has the other direction: this side calls it, and does not serve it',
      },
    },
    { jsonrpc: '2.0', id: 4, error: { code: -32601, message: 'the method "stats.onMessageError" is unknown' } },
  ]);
  stats.changed(null, { to: 5 });
  expect((await raw.answers(5))[4]).toEqual({ jsonrpc: '2.0', method: 'stats.changed', params: { to: 5 } });
});
