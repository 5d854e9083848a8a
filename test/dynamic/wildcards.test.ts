import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bySpecificity, patternOf } from '../../src/extensions/dynamic/pattern.js';
import {
  type CallContext,
  incoming,
  namespace,
  RemoteAPI,
  type Reply,
  type RpcError,
  type Sender,
} from '../../src/index.js';
import { RawClient } from '../support/core-raw.js';
import { until } from '../support/core-waiting.js';
import { Chat, meet, ways } from './sides.js';

describe.each(ways)('wildcards over %s with %s', (...way) => {
  it('receive calls without a handler of their own, in both directions, the most specific first', async () => {
    await using sides = await meet(way);
    for (const [here, there] of [
      [sides.server, sides.client],
      [sides.client, sides.server],
    ] as const) {
      const named = (name: string) => (): string => name;
      here.setHandler('*', named('*'));
      here.setHandler('door.*', named('door.*'));
      here.setHandler('door.**', named('door.**'));
      here.setHandler('*.open', named('*.open'));
      here.setHandler('door.front.*', named('door.front.*'));
      here.setHandler('door.bell', named('door.bell'));
      const wanted = {
        any: '*',
        'door.bell': 'door.bell',
        'door.open': 'door.*',
        'gate.open': '*.open',
        'gate.left.open': '*',
        'door.front.open': 'door.front.*',
        'door.front.top.open': 'door.**',
      };
      for (const [path, by] of Object.entries(wanted)) expect(await there.callPath(path), path).toBe(by);
      here.setHandler('door.bell', null);
      here.setHandler('door.*', null);
      expect(await there.callPath('door.bell')).toBe('door.**');
      here.setHandler('*', null);
      await expect(there.callPath('any')).rejects.toThrow('the method "any" is unknown');
    }
  });

  it('receive the arguments in the form that callPath takes, and the path of the call', async () => {
    await using sides = await meet(way);
    const { server, client } = sides;
    const heard: unknown[] = [];
    server.setHandler('**', (sender, args, call) => {
      heard.push([args, call, sender.peer === [...server.peers.values()][0]]);
      return call.kind === 'stream' ? [1, 2] : 'done';
    });
    expect(await client.callPath('a', [1, 2])).toBe('done');
    expect(await client.callPath('b', { x: 1 })).toBe('done');
    client.notifyPath('c.d');
    const items: number[] = [];
    for await (const item of client.streamPath<number>('e', [1])) items.push(item);
    expect(items).toEqual([1, 2]);
    expect(heard).toEqual([
      [[1, 2], { method: 'a', path: 'a', kind: 'request' }, true],
      [{ x: 1 }, { method: 'b', path: 'b', kind: 'request' }, true],
      [[], { method: 'c.d', path: 'c.d', kind: 'notification' }, true],
      [[1], { method: 'e', path: 'e', kind: 'stream' }, true],
    ]);
  });

  it('forward a call to another side unchanged', async () => {
    await using near = await meet(way);
    await using far = await meet(way);
    near.server.setHandler('far.**', (_sender, args, { method }) =>
      far.client.callPath(method.slice('far.'.length), args),
    );
    far.server.setHandler('add', (_sender, a: number, b: number) => a + b);
    far.server.room.join.connect((_sender, { name }) => name.length);
    expect(await near.client.callPath('far.add', [1, 2])).toBe(3);
    expect(await near.client.callPath('far.room.join', { name: 'ann' })).toBe(3);
    await expect(near.client.callPath('far.nope')).rejects.toThrow('the method "nope" is unknown');
  });
});

describe('a declared method without a handler', () => {
  it('is handled by a wildcard as its spec declares it, and by its own handler once there is one', async () => {
    await using sides = await meet();
    const { server, client } = sides;
    const heard: unknown[] = [];
    server.setHandler('room.**', (_sender, args, call) => void heard.push([args, call]));
    await client.remote.room.join({ name: 'ann' });
    await client.remote.room.move('a');
    client.remote.room.left({ name: 'ann' });
    await client.remote.room.attic.size();
    expect(heard).toEqual([
      [{ name: 'ann' }, { method: 'room.join', path: 'room.join', kind: 'request' }],
      [{ from: 'a' }, { method: 'room.move', path: 'room.move', kind: 'request' }],
      [{ name: 'ann' }, { method: 'room.left', path: 'room.left', kind: 'notification' }],
      [[], { method: 'room.roof.top.size', path: 'room.attic.size', kind: 'request' }],
    ]);
    const disconnect = server.room.join.connect(() => 5);
    expect(await client.remote.room.join({ name: 'bob' })).toBe(5);
    disconnect();
    expect(await client.remote.room.join({ name: 'bob' })).toBe(null);
    expect(heard).toHaveLength(5);
    server.room.setHandler('*', null);
    server.setHandler('room.**', null);
    await expect(client.remote.room.join({ name: 'bob' })).rejects.toThrow('nobody handles room.join');
  });

  it('can be a stream from a wildcard', async () => {
    await using sides = await meet();
    sides.server.setHandler('*', function* (_sender, args) {
      for (let i = 0; i < (args as { n: number }).n; i++) yield i;
    });
    const items: number[] = [];
    for await (const item of sides.client.remote.ticks({ n: 3 })) items.push(item);
    expect(items).toEqual([0, 1, 2]);
  });

  it('is validated and guarded by its spec', async () => {
    class Checked extends RemoteAPI {
      @incoming({ hasReply: true }) pay(_sender: Sender, args: { sum: number }): Reply<string> {
        if (args.sum < 0) throw new RangeError('too little');
      }
      @incoming({ hasReply: true, allow: () => false }) never(_sender: Sender): Reply<string> {}
    }
    await using server = await Checked.serve('memory:wild-checked', { logger: null });
    await using client = await Checked.invert().connect('memory:wild-checked');
    server.setHandler('*', () => 'done');
    expect(await client.remote.pay({ sum: 1 })).toBe('done');
    await expect(client.remote.pay({ sum: -1 })).rejects.toThrow('too little');
    await expect(client.remote.never()).rejects.toThrow(/not allowed|may not|refused/);
  });
});

describe('an undeclared method', () => {
  it('goes through the interceptors of its path, whatever its name on the wire', async () => {
    await using sides = await meet();
    const { server, client } = sides;
    const seen: string[] = [];
    const note = (who: string) => (call: CallContext, next: () => unknown) => {
      seen.push(`${who} ${call.path} ${call.method} ${call.kind}`);
      return next();
    };
    server.setHandler('*', () => 1);
    server.setHandler('exact', () => 2);
    server.use(note('side'));
    server.room.attic.use(note('attic'));
    await client.callPath('exact');
    await client.room.attic.callPath('swept');
    client.notifyPath('other', [1]);
    await until(() => seen.length === 4);
    expect(seen).toEqual([
      'side exact exact request',
      'side room.attic.swept room.roof.top.swept request',
      'attic room.attic.swept room.roof.top.swept request',
      'side other other notification',
    ]);
    const stop = server.use(() => {
      throw new Error('guarded');
    });
    await expect(client.callPath('exact')).rejects.toThrow('guarded');
    await expect(client.callPath('other')).rejects.toThrow('guarded');
    stop();
    expect(await client.callPath('exact')).toBe(2);
  });

  it('is still refused for the reasons of the spec if the class has it in another form', async () => {
    await using sides = await meet();
    const { server, client } = sides;
    server.setHandler('*', () => 'anything');
    await expect(client.callPath('helper')).rejects.toThrow('the method "helper" is not marked as incoming');
    await expect(client.callPath('room.said')).rejects.toThrow('the method "room.said" has the other direction');
    await expect(client.callPath('onMessageError')).resolves.toBe('anything');
  });
});

describe('patterns', () => {
  it('match whole segments', async () => {
    await using sides = await meet();
    const set = (path: string) => () => sides.server.setHandler(path, () => {});
    expect(set('room.j*')).toThrow('"j*": only * for one segment and ** at the end for all below');
    expect(set('**.join')).toThrow('"**.join": only * for one segment');
    expect(set('***')).toThrow('only * for one segment');
    expect(set('room.*.')).toThrow('the path "room.*." has an empty segment');
    expect(set('rpc.*')).toThrow('are reserved by JSON-RPC');
    await expect(sides.client.callPath('room.*')).rejects.toThrow('"room.*" names several methods');
  });

  const segment = fc.constantFrom('a', 'b', 'c', 'a+', '(x)', '$');
  const wild = fc
    .tuple(
      fc.array(fc.oneof(segment, fc.constant('*')), { maxLength: 3 }),
      fc.oneof(segment, fc.constantFrom('*', '**')),
    )
    .map(([some, last]) => [...some, last]);
  const fits = (pattern: readonly string[], name: readonly string[]): boolean => {
    const [first, ...rest] = pattern;
    if (first === '**') return name.length > 0;
    if (first === undefined || name.length === 0) return first === undefined && name.length === 0;
    return (first === '*' || first === name[0]) && fits(rest, name.slice(1));
  };
  const of = (segments: readonly string[]) => patternOf('', segments.join('.'), {}, () => {});

  it('match as their segments specify', () => {
    fc.assert(
      fc.property(wild, fc.array(segment, { minLength: 1, maxLength: 5 }), (pattern, name) => {
        expect(of(pattern).fits(name.join('.'))).toBe(fits(pattern, name));
      }),
      { numRuns: 500 },
    );
  });

  it('have a total order: of two that match, one is more specific unless they are the same', () => {
    fc.assert(
      fc.property(wild, wild, fc.array(segment, { minLength: 1, maxLength: 5 }), (one, other, name) => {
        const [a, b] = [of(one), of(other)];
        expect(Math.sign(bySpecificity(a, b))).toBe(-Math.sign(bySpecificity(b, a)) + 0);
        fc.pre(a.fits(name.join('.')) && b.fits(name.join('.')) && a.wire !== b.wire);
        const at = one.findIndex((each, index) => each !== other[index]);
        const rank = (each: string | undefined): number => (each === '**' ? 2 : each === '*' ? 1 : 0);
        expect(bySpecificity(a, b)).toBe(Math.sign(rank(one[at]) - rank(other[at])));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('ignoreUnhandled', () => {
  it('drops notifications without a handler, and refuses requests', async () => {
    class House extends RemoteAPI {
      readonly door = namespace(Chat);
      @incoming({ hasReply: true }) knock(_sender: Sender): Reply<string> {}
    }
    for (const ignoreUnhandled of [true, false]) {
      const reported: string[] = [];
      const logger = { warn: (...told: unknown[]) => void reported.push(String(told[1])), error() {} };
      await using server = await House.serve('tcp://127.0.0.1:0', { ignoreUnhandled, logger });
      using raw = await RawClient.connect(server.address);
      const call = (method: string, id?: number) => raw.write({ jsonrpc: '2.0', method, ...(id && { id }) });
      for (const method of ['nobody', 'door.helper', 'door.told', 'knock', 'a.b', 'toString']) call(method);
      call('nobody', 1);
      call('knock', 2);
      const [first, second] = (await raw.answers(2)) as { error: RpcError }[];
      expect(first?.error).toMatchObject({ code: -32601, message: 'the method "nobody" is unknown' });
      expect(second?.error).toMatchObject({ code: -32601, message: 'nobody handles knock: no handler is connected' });
      expect(reported).toHaveLength(ignoreUnhandled ? 0 : 6);
    }
  });

  it('must be true or false', () => {
    expect(() => Chat.create({ ignoreUnhandled: 1 as never })).toThrow(
      'the option "ignoreUnhandled" must be true or false',
    );
  });
});
