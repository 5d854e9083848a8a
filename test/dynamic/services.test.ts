import { describe, expect, it } from 'vitest';
import { type Dynamic, incoming, RemoteAPI, type Reply, reference, type Sender, UsageError } from '../../src/index.js';
import { RawClient } from '../support/core-raw.js';
import { Chat, meet, Stats, ways } from './sides.js';

const calc = {
  pi: 3.14,
  add: (_sender: Sender, { a, b }: { a: number; b: number }) => a + b,
  deep: {
    factor: 2,
    sub: (_sender: Sender, a: number, b: number) => a - b,
    /** `this` is the object that has the function. */
    twice(_sender: Sender, a: number) {
      return a * this.factor;
    },
  },
};

@reference
class Counter {
  private count = 0;
  add(by: number): number {
    this.count += by;
    return this.count;
  }
  *upTo(end: number): Generator<number> {
    for (let i = 1; i <= end; i++) yield i;
  }
  _hidden(): number {
    return 1;
  }
}
class Plain {
  factor = 3;
  times(_sender: Sender, a: number): number {
    return a * this.factor;
  }
  secret(): string {
    return 'secret';
  }
}

describe.each(ways)('objects as services over %s with %s', (...way) => {
  it('are served in both directions, with nested objects', async () => {
    await using sides = await meet(way);
    for (const [here, there] of [
      [sides.server, sides.client],
      [sides.client, sides.server],
    ] as const) {
      const stop = here.mount('calc', calc);
      expect(await there.callPath('calc.add', { a: 1, b: 2 })).toBe(3);
      expect(await there.callPath('calc.deep.sub', [5, 3])).toBe(2);
      expect(await there.callPath('calc.deep.twice', [5])).toBe(10);
      await expect(there.callPath('calc.pi')).rejects.toThrow('the method "calc.pi" is unknown');
      await expect(there.callPath('calc.deep')).rejects.toThrow('the method "calc.deep" is unknown');
      stop();
      stop();
      await expect(there.callPath('calc.add', { a: 1, b: 2 })).rejects.toThrow('"calc" was unmounted');
    }
  });

  it('of a class are called as when they are passed, without the sender', async () => {
    await using sides = await meet(way);
    const { server, client } = sides;
    server.mount('counter', new Counter());
    expect(await client.callPath('counter.add', [2])).toBe(2);
    expect(await client.callPath('counter.add', [3])).toBe(5);
    const items: number[] = [];
    for await (const item of client.streamPath<number>('counter.upTo', [3])) items.push(item);
    expect(items).toEqual([1, 2, 3]);
    expect(await client.callPath('counter.upTo', [2])).toEqual([1, 2]);
    await expect(client.callPath('counter._hidden')).rejects.toThrow('is unknown');
    await expect(client.callPath('counter.count')).rejects.toThrow('is unknown');
  });
});

describe('the methods of a mounted object', () => {
  it('are read once', async () => {
    await using sides = await meet();
    const { server, client } = sides;
    const service: Record<string, () => string> = { one: () => 'first' };
    const stop = server.mount('s', service);
    service.one = () => 'second';
    service.two = () => 'added';
    expect(await client.callPath('s.one')).toBe('first');
    await expect(client.callPath('s.two')).rejects.toThrow('the method "s.two" is unknown');
    server.setHandler('s.two', () => 'set');
    expect(await client.callPath('s.two')).toBe('set');
    server.unmount('s');
    server.mount('s', service);
    // A function from the first mount unmounts no later one.
    stop();
    expect(await client.callPath('s.one')).toBe('second');
    expect(await client.callPath('s.two')).toBe('added');
  });

  it('are those that are named, whatever the object is', async () => {
    await using sides = await meet();
    const { server, client } = sides;
    server.mount('plain', new Plain(), { methods: ['times'] });
    expect(await client.callPath('plain.times', [2])).toBe(6);
    await expect(client.callPath('plain.secret')).rejects.toThrow('is unknown');
    server.mount('some', calc, { methods: ['add'] });
    await expect(client.callPath('some.deep.sub', [1, 2])).rejects.toThrow('is unknown');
    server.mount('counter', new Counter(), { methods: ['add'] });
    expect(await client.callPath('counter.add', [1])).toBe(1);
    await expect(client.callPath('counter.upTo', [1])).rejects.toThrow('is unknown');
  });

  it('are its own: not inherited, hidden, computed or symbolic ones', async () => {
    await using sides = await meet();
    const { server, client } = sides;
    let asked = 0;
    const service = Object.create({ inherited: () => 1 }) as Record<PropertyKey, unknown>;
    Object.setPrototypeOf(service, null);
    Object.assign(service, { fine: () => 'fine', [Symbol('s')]: () => 1, list: [() => 1], none: null, empty: {} });
    Object.defineProperty(service, 'hidden', { value: () => 1 });
    Object.defineProperty(service, 'computed', { enumerable: true, get: () => ++asked });
    service.other = new Plain();
    server.mount('s', service);
    expect(await client.callPath('s.fine')).toBe('fine');
    for (const name of ['hidden', 'computed', 'list.0', 'other.times', 'inherited', 'Symbol(s)'])
      await expect(client.callPath(`s.${name}`), name).rejects.toThrow('is unknown');
    expect(asked).toBe(0);
  });

  it('may be in nested objects of both kinds', async () => {
    await using sides = await meet();
    sides.server.room.mount('tools', { counter: new Counter(), calc });
    expect(await sides.client.callPath('room.tools.counter.add', [4])).toBe(4);
    expect(await sides.client.room.callPath('tools.calc.deep.twice', [4])).toBe(8);
  });

  it('are forwarded, if a peer has passed the object', async () => {
    class Broker extends RemoteAPI {
      @incoming({ hasReply: true }) offer(_sender: Sender, _args: { counter: object }): Reply<void> {}
    }
    await using broker = await Broker.serve('memory:broker', { logger: null });
    await using giver = await Broker.invert().connect('memory:broker:giver', { logger: null });
    await using taker = await Broker.invert().connect('memory:broker:taker', { logger: null });
    let taken: Promise<unknown> = Promise.resolve();
    broker.offer.connect((_sender, { counter }) => {
      broker.mount('counter', counter);
      taken = taker.callPath('counter.add', [6]);
      return taken as Promise<never>;
    });
    await giver.remote.offer({ counter: new Counter() });
    expect(await taken).toBe(6);
  });

  it('are refused if they cannot be called, and then nothing is mounted', async () => {
    await using sides = await meet();
    const { server, client } = sides;
    const mount = (what: unknown, options?: object) => () =>
      (server as Dynamic<unknown>).mount('x', what as object, options);
    expect(mount({})).toThrow('"x" has no function to serve');
    expect(mount({ a: 1, b: { c: 2 } })).toThrow('"x" has no function to serve');
    expect(mount(null)).toThrow('"x": mount() takes a class that extends RemoteAPI, or an object, not null');
    expect(mount('calc')).toThrow('or an object, not calc');
    expect(mount(() => 1)).toThrow('set a function with setHandler("x", …)');
    expect(mount(new Plain())).toThrow(
      '"x" is an instance of a class: add @reference to the class, or name its methods',
    );
    expect(mount(new Plain(), { methods: ['tims'] })).toThrow('"x" has no method "tims"');
    expect(mount(new Plain(), { methods: 'times' })).toThrow('the option "methods" must be an array of names');
    expect(mount(new Plain(), { methods: ['constructor'] })).toThrow('"x": the name "constructor" has the segment');
    expect(mount(new Plain(), { method: [] })).toThrow(
      'mount(): unknown option "method"; the only option here is methods',
    );
    expect(mount({ ok() {}, toString: () => 'a' })).toThrow('"x": the name "toString" has the segment "toString"');
    expect(mount(Object.fromEntries(['ok', 'then'].map((name) => [name, () => 1])))).toThrow('"x": the name "then"');
    expect(mount(JSON.parse('{"a":{"__proto__":{}}}'))).toThrow('has no function');
    expect(mount({ ok() {}, ['__proto__']: { evil() {} } })).toThrow('"x": the name "__proto__" has the segment');
    expect(mount({ ok() {}, 'a.b'() {} })).toThrow('"x": the name "a.b" contains a dot or a star');
    expect(mount({ ok() {}, '*'() {} })).toThrow('contains a dot or a star');
    expect(mount({ ok() {}, '': () => 1 })).toThrow('"x": the name "" has an empty segment');
    const ring: Record<string, unknown> = { ok() {} };
    ring.again = { ring };
    expect(mount(ring)).toThrow(
      new UsageError('"x": again.ring is one of the objects that contain it; remove the cycle'),
    );
    await expect(client.callPath('x.ok')).rejects.toThrow('the method "x.ok" is unknown');
    mount({ ok: () => 'ok' })();
    expect(await client.callPath('x.ok')).toBe('ok');
  });

  it('can be called by a plain JSON-RPC client', async () => {
    await using server = await Chat.serve('tcp://127.0.0.1:0', { logger: null });
    server.mount('calc', calc);
    server.mount('stats', Stats).count.connect((_sender, { of }) => of.length);
    using raw = await RawClient.connect(server.address);
    raw.write({ jsonrpc: '2.0', id: 1, method: 'calc.add', params: { a: 1, b: 2 } });
    raw.write({ jsonrpc: '2.0', id: 2, method: 'calc.deep.sub', params: [1, 2] });
    raw.write([{ jsonrpc: '2.0', id: 3, method: 'calc.deep.twice', params: [1] }]);
    expect(await raw.answers(3)).toEqual([
      { jsonrpc: '2.0', id: 1, result: 3 },
      { jsonrpc: '2.0', id: 2, result: -1 },
      [{ jsonrpc: '2.0', id: 3, result: 2 }],
    ]);
  });
});

describe('resolvePath and pathOf', () => {
  it('convert between paths and what is served', async () => {
    await using sides = await meet();
    const { server } = sides;
    const set = (): void => {};
    server.setHandler('set.here', set);
    server.mount('calc', calc);
    const counter = new Counter();
    server.room.mount('counter', counter);
    const stats = server.mount('stats', Stats);
    const everything: readonly (readonly [string, object])[] = [
      ['set.here', set],
      ['calc', calc],
      ['calc.add', calc.add],
      ['calc.deep', calc.deep],
      ['calc.deep.twice', calc.deep.twice],
      ['room', server.room],
      ['room.attic', server.room.attic],
      ['room.join', server.room.join],
      ['room.attic.size', server.room.attic.size],
      ['room.counter', counter],
      ['room.counter.add', counter.add],
      ['hello', server.hello],
      ['stats', stats],
      ['stats.count', stats.count],
      ['stats.daily', stats.daily],
      ['stats.daily.size', stats.daily.size],
    ];
    for (const [path, target] of everything) {
      expect(server.resolvePath(path), path).toBe(target);
      expect(server.pathOf(target), path).toBe(path);
    }
    expect(server.room.pathOf(counter)).toBe('counter');
    expect(server.room.resolvePath('attic.size')).toBe(server.room.attic.size);
    expect(stats.pathOf(stats.daily.size)).toBe('daily.size');
    expect(server.pathOf(server)).toBe('');
    expect(server.room.pathOf(server.room)).toBe('');
    const handler = (): number => 1;
    server.room.join.connect(handler);
    expect(server.pathOf(handler)).toBe('room.join');

    for (const path of ['nope', 'calc.pi', 'calc.nope', 'told', 'helper', 'toString', '__proto__', 'room.', ''])
      expect(server.resolvePath(path), path).toBeUndefined();
    for (const target of [() => 1, {}, sides.client, sides.client.room, calc.pi, null, server.told])
      expect(server.pathOf(target as object)).toBeUndefined();
    expect(server.room.pathOf(calc)).toBeUndefined();

    server.unmount('calc');
    server.unmount('stats');
    server.setHandler('set.here', null);
    for (const [path, target] of everything.filter(([each]) => /^(set|calc|stats)/.test(each))) {
      expect(server.resolvePath(path), path).toBeUndefined();
      expect(server.pathOf(target), path).toBeUndefined();
    }
  });
});
