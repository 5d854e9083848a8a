import { describe, expect, it } from 'vitest';
import { RpcError, UsageError } from '../../src/index.js';
import { RawClient } from '../support/core-raw.js';
import { failure, until } from '../support/core-waiting.js';
import { Chat, meet, ways } from './sides.js';

describe.each(ways)('setHandler over %s with %s', (...way) => {
  it('serves declared methods, at any level', async () => {
    await using sides = await meet(way);
    const { server, client } = sides;
    server.setHandler('hello', (_sender, { name }) => `hello ${name}`);
    server.setHandler('room.join', (_sender, { name }) => name.length);
    server.room.setHandler('attic.size', () => 7);
    expect(await client.remote.hello({ name: 'ann' })).toBe('hello ann');
    expect(await client.remote.room.join({ name: 'ann' })).toBe(3);
    expect(await client.remote.room.attic.size()).toBe(7);
    const ticked: number[] = [];
    server.setHandler('ticks', function* (_sender, { n }) {
      for (let i = 0; i < n; i++) yield i;
    });
    for await (const tick of client.remote.ticks({ n: 3 })) ticked.push(tick);
    expect(ticked).toEqual([0, 1, 2]);
  });

  it('serves undeclared methods, in both directions', async () => {
    await using sides = await meet(way);
    const { server, client } = sides;
    const heard: unknown[][] = [];
    server.setHandler('x.add', (_sender, a: number, b: number) => a + b);
    server.setHandler('x.named', (_sender, args: object) => args);
    client.setHandler('x.add', async (sender, a: number, b: number) => `${sender.id !== ''} ${a + b}`);
    client.setHandler('x.heard', (_sender, ...args) => void heard.push(args));
    expect(await client.callPath('x.add', [1, 2])).toBe(3);
    expect(await client.callPath('x.named', { a: 1 })).toEqual({ a: 1 });
    expect(await server.callPath('x.add', [1, 2])).toBe('true 3');
    server.notifyPath('x.heard');
    server.notifyPath('x.heard', [1, 'two']);
    server.notifyPath('x.heard', { three: 3 });
    await until(() => heard.length === 3);
    expect(heard).toEqual([[], [1, 'two'], [{ three: 3 }]]);
  });

  it('serves undeclared streams', async () => {
    await using sides = await meet(way);
    const { server, client } = sides;
    let ended = 0;
    server.setHandler('count', async function* (_sender, to: number) {
      try {
        for (let i = 1; i <= to; i++) yield i;
      } finally {
        ended++;
      }
    });
    const items: number[] = [];
    for await (const item of client.streamPath<number>('count', [4])) items.push(item);
    expect(items).toEqual([1, 2, 3, 4]);
    for await (const item of client.streamPath<number>('count', [1e9])) if (item === 2) break;
    await until(() => ended === 2);
    // A caller that requests no stream receives a list.
    expect(await client.callPath('count', [3])).toEqual([1, 2, 3]);
  });
});

describe('a handler that is set for a path', () => {
  it('is the only one, and replaces connected handlers', async () => {
    await using sides = await meet();
    const { server, client } = sides;
    const join = () => client.remote.room.join({ name: 'ann' });
    const disconnect = server.room.join.connect(() => 1);
    server.setHandler('room.join', () => 2);
    expect(await join()).toBe(2);
    server.setHandler('room.join', () => 3);
    expect(await join()).toBe(3);
    disconnect();
    expect(await join()).toBe(3);
    // Handlers that are connected later are called too, as usual.
    const again = server.room.join.connect(() => 4);
    await expect(join()).rejects.toThrow('more than one reply');
    again();
    server.setHandler('room.join', null);
    await expect(join()).rejects.toThrow('nobody handles room.join: no handler is connected');
    expect(server.unhandledCalls()).toContain('room.join');
  });

  it('is removed by null, and by the function that setHandler returns, as long as it is set', async () => {
    await using sides = await meet();
    const { server, client } = sides;
    for (const path of ['room.join', 'x.y'] as const) {
      const args = { name: 'ann' };
      const first = server.setHandler(path as string, () => 1);
      const second = server.setHandler(path as string, () => 2);
      first();
      expect(await client.callPath(path, args)).toBe(2);
      second();
      second();
      expect((await failure<RpcError>(client.callPath(path, args))).code).toBe(-32601);
      server.setHandler(path as string, () => 3);
      second();
      expect(await client.callPath(path, args)).toBe(3);
      server.setHandler(path as string, null);
      expect((await failure<RpcError>(client.callPath(path, args))).code).toBe(-32601);
      server.setHandler(path as string, null);
    }
    await expect(client.callPath('x.y')).rejects.toThrow('the method "x.y" is unknown');
  });

  it('belongs to its namespace, by path and with the name on the wire', async () => {
    await using sides = await meet();
    const { server, client } = sides;
    server.room.attic.setHandler('clean', () => 'clean');
    expect(await client.room.attic.callPath('clean')).toBe('clean');
    expect(await client.callPath('room.attic.clean')).toBe('clean');
    expect(await client.callPath('room.roof.top.clean')).toBe('clean');
    server.setHandler('room.attic.size', () => 1);
    expect(server.unhandledCalls()).not.toContain('room.attic.size');
    await expect(client.callPath('clean')).rejects.toThrow('the method "clean" is unknown');
    server.room.setHandler('attic.clean', null);
    await expect(client.callPath('room.attic.clean')).rejects.toThrow('the method "room.roof.top.clean" is unknown');
  });

  it('makes a method without a decorator, or of the other direction, callable', async () => {
    await using sides = await meet();
    const { server, client } = sides;
    await expect(client.callPath('helper')).rejects.toThrow('the method "helper" is not marked as incoming');
    await expect(client.callPath('add', [1, 2])).rejects.toThrow('the method "add" has the other direction');
    server.setHandler('helper', () => 'set');
    server.setHandler('add', (_sender: unknown, a: number, b: number) => a + b);
    expect(await client.callPath('helper')).toBe('set');
    expect(await client.callPath('add', [1, 2])).toBe(3);
    client.add.connect((_sender, a, b) => a * b);
    expect(await server.remote.add(3, 4)).toBe(12);
    server.setHandler('helper', null);
    await expect(client.callPath('helper')).rejects.toThrow('the method "helper" is not marked as incoming');
  });

  it('reports failures like any other', async () => {
    await using sides = await meet(undefined, { handlerTimeout: 50 });
    const { server, client, log } = sides;
    server.setHandler('bad', () => {
      throw new RangeError('too far');
    });
    server.setHandler('worse', async () => {
      throw new RpcError('denied', 4711);
    });
    server.setHandler('slow', () => new Promise(() => {}));
    await expect(client.callPath('bad')).rejects.toThrow(RangeError);
    expect(await failure<RpcError>(client.callPath('worse'))).toMatchObject({ code: 4711, message: 'denied' });
    await expect(client.callPath('slow')).rejects.toThrow('slow did not finish in time');
    client.notifyPath('bad');
    await until(() => log.texts.includes('too far'));
  });

  it('is a function, and its path must be valid for a method', async () => {
    await using sides = await meet();
    const set =
      (path: unknown, handler: unknown = () => {}) =>
      () =>
        sides.server.setHandler(path as string, handler as never);
    expect(set('hello', 'fn')).toThrow('hello: a handler must be a function, or null to remove it, not fn');
    expect(() => sides.server.setHandler('hello', undefined as never)).toThrow(UsageError);
    expect(set(4711)).toThrow('a path must be a string such as "room.join", not 4711');
    expect(set('')).toThrow('the path "" has an empty segment');
    expect(set('room.')).toThrow('the path "room." has an empty segment');
    expect(set('room')).toThrow('"room" is a namespace, not a method');
    expect(set('room.attic')).toThrow('"room.attic" is a namespace, not a method');
    expect(set('rpc.call')).toThrow('"rpc.call": names on the wire that begin with "rpc." are reserved by JSON-RPC');
    for (const name of ['constructor', '__proto__', 'then', 'toString', 'hasOwnProperty', 'prototype']) {
      expect(set(name), name).toThrow(`has the segment "${name}"`);
      expect(set(`room.${name}`), name).toThrow(`has the segment "${name}"`);
      expect(set(`${name}.*`), name).toThrow(`has the segment "${name}"`);
    }
  });
});

describe('a plain JSON-RPC client', () => {
  it('calls handlers that were set, by position, by name, and without arguments', async () => {
    const log: unknown[] = [];
    await using server = await Chat.serve('tcp://127.0.0.1:0', { logger: null });
    server.setHandler('sum', (_sender, ...numbers: number[]) => numbers.reduce((a, b) => a + b, 0));
    server.setHandler('echo', (_sender, args: object) => args);
    server.setHandler('log', (_sender, ...args) => void log.push(args));
    server.setHandler('some', async function* () {
      yield* [1, 2];
    });
    using raw = await RawClient.connect(server.address);
    const of = (id: number, method: string, params?: unknown) => ({ jsonrpc: '2.0', id, method, params });
    raw.write(of(1, 'sum', [1, 2, 3]), of(2, 'sum'), of(3, 'echo', { a: 1 }), of(4, 'some'));
    raw.write({ jsonrpc: '2.0', method: 'log', params: { b: 2 } }, of(5, 'log', ['c']));
    const answers = await raw.answers(5);
    const byId = new Map((answers as { id: number; result: unknown }[]).map(({ id, result }) => [id, result]));
    expect(Object.fromEntries(byId)).toEqual({ 1: 6, 2: 0, 3: { a: 1 }, 4: [1, 2], 5: null });
    expect(log).toEqual([[{ b: 2 }], ['c']]);
  });

  it('cannot call anything that was not set, whatever it sends', async () => {
    await using server = await Chat.serve('tcp://127.0.0.1:0', { logger: null });
    const reached: string[] = [];
    server.setHandler('*', (_sender, _args, { method }) => void reached.push(method));
    server.mount('calc', { add: () => reached.push('add') });
    server.mount('dict', Object.assign(Object.create(null), { one: () => reached.push('one') }));
    using raw = await RawClient.connect(server.address);
    const names = [
      'constructor',
      '__proto__',
      'then',
      'toString',
      'valueOf',
      'hasOwnProperty',
      '__defineGetter__',
      'prototype',
      'calc.constructor',
      'calc.__proto__',
      'calc.add.call',
      'calc.toString',
      'calc.then',
      'dict.__proto__.x',
      'room.constructor',
      'room.join.connect.constructor',
      'rpc.nope',
      'rpc.',
      'rpc.call.x',
      '',
      '.',
      'a..b',
      'a.',
      '.a',
      'helper',
      'told',
      'room.said',
      'x'.repeat(1_001),
      'a.'.repeat(300_000),
    ];
    const allowed = new Set(['calc.add.call']);
    names.forEach((method, id) => void raw.write({ jsonrpc: '2.0', id, method }));
    const answers = (await raw.answers(names.length)) as { id: number; error?: { code: number; message: string } }[];
    for (const { id, error } of answers) {
      const name = names[id] as string;
      if (!allowed.has(name)) expect(error?.code, name.slice(0, 50)).toBe(-32601);
    }
    const text = (name: string) => answers.find(({ id }) => names[id] === name)?.error?.message;
    expect(text('helper')).toBe('the method "helper" is not marked as incoming');
    expect(text('told')).toMatch(/has the other direction/);
    // It matches the wildcard, and nothing else.
    expect(reached).toEqual(['calc.add.call']);
  });
});
