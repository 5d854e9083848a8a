import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type DescribedAPI,
  declareMethods,
  incoming,
  type MethodDescription,
  namespace,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Sender,
  specFrom,
  UsageError,
} from '../../src/index.js';
import { RawClient } from '../support/core-raw.js';
import { until } from '../support/core-waiting.js';
import { Attic, addressOf, Chat, Stats, type Way, ways } from './sides.js';

class Long extends RemoteAPI {
  readonly attic = namespace(Attic, { name: 'a.b' });
  @incoming({
    name: 'x/y',
    summary: 'Does it.',
    deprecated: true,
    timeout: Number.POSITIVE_INFINITY,
    meta: { role: ['a'] },
  })
  does(_sender: Sender): void {}
  @outgoing({ timeout: 5, meta: null }) late(_receivers: Receivers, _args: { n: number }): void {}
}
/** The class as code without its types sees it. */
const Written = Chat as unknown as DescribedAPI<Chat>;
const throughJson = (spec: { describe(): MethodDescription[] }): MethodDescription[] =>
  JSON.parse(JSON.stringify(spec.describe())) as MethodDescription[];

describe('a spec from data', () => {
  it.each([Chat, Stats, Long, Attic] as const)('describes itself like %o', (spec) => {
    const described = (spec as unknown as typeof Chat).describe();
    expect(specFrom(described).describe()).toEqual(described);
    expect(specFrom(JSON.stringify(described)).describe()).toEqual(described);
    expect(
      specFrom(throughJson(spec as unknown as typeof Chat))
        .invert()
        .describe(),
    ).toEqual((spec as unknown as typeof Chat).invert().describe());
  });

  it('of a side is the spec of that side', async () => {
    await using side = await Chat.invert().create({ transport: 'memory:x' });
    expect(specFrom<Chat>(side.describe()).describe()).toEqual(Chat.invert().describe());
    await using server = await Chat.serve('memory:described', { logger: null });
    const figures = server.mount('figures', Stats);
    // With the names that it has when mounted.
    expect(specFrom(figures.describe()).describe()).toEqual(figures.describe());
  });

  it.each(ways)('serves and calls like the class, over %s with %s', async (...way) => {
    const Made = specFrom<Chat>(throughJson(Chat));
    const pairs: (readonly [DescribedAPI<Chat>, DescribedAPI<Chat>])[] = [
      [Made, Written],
      [Written, Made],
      [Made, Made],
    ];
    for (const [Here, There] of pairs) {
      const [transport, codec] = way satisfies Way;
      await using server = await Here.serve(addressOf(transport), { codec });
      await using client = await There.invert().connect(server.address, { codec });
      const heard: unknown[] = [];
      server.implement({
        hello: (_sender, { name }) => `hello ${name}`,
        note: (_sender, { text }) => void heard.push(text),
        *ticks(_sender, { n }) {
          for (let i = 0; i < n; i++) yield i;
        },
        room: {
          join: (_sender, { name }) => name.length,
          move: (_sender, from, to) => `${from} ${to}`,
          left: (_sender, { name }) => void heard.push(name),
          attic: { size: () => 3 },
        },
      });
      client.implement({
        add: (_sender, a, b) => a + b,
        sub: (_sender, a, b) => a - b,
        told: (_sender, { text }) => void heard.push(text),
        *rows() {},
        room: { said: (_sender, { text }) => void heard.push(text), attic: { dusty() {} } },
      });
      expect(await client.remote.hello({ name: 'ann' })).toBe('hello ann');
      expect(await client.room.remote.move('a', 'b')).toBe('a b');
      expect(await client.remote.room.move('a')).toBe('a undefined');
      expect(await client.remote.room.attic.size()).toBe(3);
      expect(await server.remote.add(1, 2)).toBe(3);
      expect(await server.remote.sub(1, 2)).toBe(-1);
      const items: number[] = [];
      for await (const item of client.remote.ticks({ n: 2 })) items.push(item);
      expect(items).toEqual([0, 1]);
      client.note(null, { text: 'noted' });
      server.room.said(null, { text: 'said' });
      await until(() => heard.length === 2);
      expect(() => server.told(null, 7 as never)).toThrow('told takes one object');
      await expect(client.callPath('helper')).rejects.toThrow(/^the method "helper" is (not marked|unknown)/);
    }
  });

  it('answers plain JSON-RPC like the class', async () => {
    const said: unknown[][] = [];
    for (const spec of [Written, specFrom<Chat>(throughJson(Chat))]) {
      await using server = await spec.serve('tcp://127.0.0.1:0', { logger: null });
      server.hello.connect((_sender, { name }) => `${name}`);
      server.room.move.connect((_sender, ...args) => JSON.stringify(args));
      using raw = await RawClient.connect(server.address);
      const calls = [
        ['hello', { name: 'a' }],
        ['hello'],
        ['hello', ['a']],
        ['room.move', { from: 'a' }],
        ['room.move', ['a', 'b']],
        ['room.move', { frm: 'a' }],
        ['room.move', [1, 2, 3]],
        ['room.move'],
        ['told', {}],
        ['room.join', {}],
        ['nope'],
      ] as const;
      calls.forEach(([method, params], id) => void raw.write({ jsonrpc: '2.0', id, method, params }));
      said.push(await raw.answers(calls.length));
    }
    expect(said[1]).toEqual(said[0]);
  });

  it('is a class: it can be mounted, be a namespace, and be untyped', async () => {
    const Made = specFrom(throughJson(Stats), { name: 'Made' });
    class Outer extends RemoteAPI {
      readonly inner = namespace(specFrom<Stats>(Stats.describe()));
    }
    await using server = await Outer.serve('memory:spec-from-mounted', { logger: null });
    await using client = await Outer.invert().connect('memory:spec-from-mounted', { logger: null });
    server.inner.count.connect((_sender, { of }) => of.length);
    expect(await client.inner.remote.count({ of: 'abc' })).toBe(3);
    const mounted = server.mount('made', Made);
    mounted.count.connect((_sender: Sender, { of }: { of: string }) => of.length * 2);
    mounted.implement({ daily: { size: () => 5 } });
    const there = client.mount('made', Made.invert());
    expect(await there.remote.count({ of: 'abc' })).toBe(6);
    expect(await there.daily.size(null)).toBe(5);
    expect(await there.to(null, { timeout: 5_000 }).daily.size()).toBe(5);
    expect(mounted.constructor.name).toBe('Made');
  });
});

const one = (over: object = {}): object => ({
  path: 'a',
  method: 'a',
  direction: 'incoming',
  kind: 'request',
  ...over,
});

describe('invalid descriptions', () => {
  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'expected a description: the list of methods that describe() returns, or its JSON'],
    ['an object', { methods: [] }, 'expected a description: the list of methods'],
    ['text that is not JSON', '[{', 'the description is not valid JSON: '],
    ['JSON of something else', '{"length": 3}', 'expected a description: the list of methods'],
    ['null for a method', [null], 'the description of method 0 must be an object, not null'],
    ['a list for a method', [one(), []], 'the description of method 1 must be an object'],
    [
      'a hole',
      [one(), ...new Array(1), one({ path: 'b' })],
      'the description of method 1 must be an object, not undefined',
    ],
    ['an object of a class', [new (class Path {})()], 'the description of method 0 must be an object'],
    [
      'an unknown field',
      [one({ pathh: 1 })],
      'the description of "a": unknown field "pathh"; the fields are path, method',
    ],
    [
      '__proto__',
      '[{"path":"a","method":"a","direction":"incoming","kind":"request","__proto__":{"x":1}}]',
      'unknown field "__proto__"',
    ],
    ['no path', [{ method: 'a' }], 'the description of method 0: the field "path" is missing'],
    ['no kind', [one({ kind: undefined })], 'the description of "a": the field "kind" is missing'],
    [
      'a path that is not a text',
      [one({ path: 7 })],
      'the description of method 0: the field "path" must be a non-empty string',
    ],
    ['an empty name', [one({ method: '' })], 'the field "method" must be a non-empty string'],
    ['a name that is too long', [one({ method: 'x'.repeat(1_001) })], 'the field "method" must be a non-empty string'],
    ['a direction', [one({ direction: 'sideways' })], 'the field "direction" must be "incoming" or "outgoing"'],
    ['a kind', [one({ kind: 'toString' })], 'the field "kind" must be "notification" or "request" or "stream"'],
    ['params', [one({ params: 'a' })], 'the field "params" must be an array of names'],
    ['params that are not names', [one({ params: ['a', 7] })], 'the field "params" must be an array of names'],
    ['params twice', [one({ params: ['a', 'a'] })], 'the option "params" must be a list of different names'],
    [
      'params that reach a prototype',
      [one({ params: ['__proto__'] })],
      'the option "params" must be a list of different names',
    ],
    ['allowPositionalArgs', [one({ allowPositionalArgs: 1 })], 'the field "allowPositionalArgs" must be true or false'],
    ['a timeout', [one({ timeout: -1 })], 'the field "timeout" must be a positive number of milliseconds'],
    ['a summary', [one({ summary: 7 })], 'the field "summary" must be a string'],
    ['deprecated', [one({ deprecated: 'yes' })], 'the field "deprecated" must be true or false'],
    ['a path twice', [one(), one({ method: 'b' })], 'the description contains the path "a" twice'],
    ['a name twice', [one(), one({ path: 'b' })], 'a and b have the same name on the wire, "a"'],
    [
      'a reserved name on the wire',
      [one({ method: 'rpc.call' })],
      '"rpc.call": names on the wire that begin with "rpc."',
    ],
    ['a name that a side has', [one({ path: 'close' })], 'Described.close: every side has a member "close"'],
    [
      'a name of a namespace that a side has',
      [one({ path: 'peers.a', method: 'peers.a' })],
      'every side has a member "peers"',
    ],
    ['then', [one({ path: 'then' })], 'the path "then" has the segment "then"'],
    ['constructor', [one({ path: 'constructor' })], 'the path "constructor" has the segment'],
    ['__proto__ in a path', [one({ path: 'a.__proto__.b' })], 'has the segment "__proto__"'],
    ['an empty segment', [one({ path: 'a..b' })], 'the path "a..b" has an empty segment'],
    ['too deep', [one({ path: 'a.'.repeat(100_000).slice(0, 999), method: 'a' })], 'a path has at most 16 segments'],
    [
      'method and namespace',
      [one(), one({ path: 'a.b', method: 'a.b' })],
      'Described.a is both a method and a namespace',
    ],
    [
      'names of a namespace',
      [one({ path: 'a.b', method: 'x' })],
      'Described.a: on the wire, the names of a namespace must share a prefix',
    ],
    [
      'other names of a namespace',
      [one({ path: 'a.b', method: 'x.b' }), one({ path: 'a.c', method: 'y.c' })],
      'must share a prefix',
    ],
    ['too few levels', [one({ path: 'a.b.c', method: 'a.c' })], 'Described.a.b: on the wire'],
    [
      'too many',
      Array.from({ length: 10_001 }, (_, n) => one({ path: `m${n}`, method: `m${n}` })),
      'has 10001 methods; at most 10000',
    ],
  ])('%s', (_name, data, text) => {
    let thrown: unknown;
    try {
      specFrom(data as never);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(UsageError);
    expect((thrown as Error).message).toContain(text);
  });

  it('change no other object', () => {
    const hostile = '[{"path":"a","method":"__proto__","direction":"incoming","kind":"request","params":["x"]}]';
    const made = specFrom(hostile);
    expect(made.describe()[0]?.method).toBe('__proto__');
    expect(({} as { x?: unknown }).x).toBeUndefined();
    expect(() => specFrom([], { nam: 'x' } as never)).toThrow(
      'specFrom(): unknown option "nam"; the only option is name',
    );
    expect(() => specFrom([], { name: '' })).toThrow('specFrom(): the option "name" must be a non-empty string');
  });

  const anything = fc.anything({ withNullPrototype: true, withMap: true, withDate: true, maxDepth: 3 });
  it('of any kind throw a UsageError, unless they make a spec', () => {
    const some = fc.record(
      {
        path: fc.oneof(fc.constantFrom('a', 'b.c', 'b.d.e', 'then', '__proto__'), anything),
        method: fc.oneof(fc.constantFrom('a', 'b.c', 'x.c', 'x.y.z'), anything),
        direction: fc.oneof(fc.constantFrom('incoming', 'outgoing'), anything),
        kind: fc.oneof(fc.constantFrom('notification', 'request', 'stream'), anything),
        params: anything,
        timeout: anything,
        meta: anything,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(anything, fc.array(fc.oneof(some, anything), { maxLength: 4 })), (data) => {
        try {
          expect(specFrom(data as never).describe()).toHaveLength((data as unknown[]).length);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('specs of any shape', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd');
  const wire = fc.constantFrom('a', 'w', 'x.y', 'z/1', '$');
  interface Shape {
    readonly methods: readonly (readonly [string, string | undefined, boolean])[];
    readonly inner: readonly (readonly [string, string | undefined, Shape])[];
  }
  const method = fc.tuple(key, fc.option(wire, { nil: undefined }), fc.boolean());
  const shape: fc.Arbitrary<Shape> = fc.letrec<{ shape: Shape }>((tie) => ({
    shape: fc.record({
      methods: fc.uniqueArray(method, { selector: ([name]) => name, maxLength: 3 }),
      inner: fc.oneof(
        { maxDepth: 3, depthIdentifier: 'shape' },
        fc.constant([]),
        fc.uniqueArray(
          fc.tuple(
            key.map((name) => `${name}s`),
            fc.option(wire, { nil: undefined }),
            tie('shape'),
          ),
          {
            selector: ([name]) => name,
            maxLength: 2,
          },
        ),
      ),
    }),
  })).shape;
  const named = <N extends string | undefined>(name: N): object => (name === undefined ? {} : { name });
  const classOf = ({ methods, inner }: Shape): typeof RemoteAPI => {
    class Made extends RemoteAPI {
      constructor() {
        super();
        for (const [name, alias, within] of inner)
          Object.assign(this, { [name]: namespace(classOf(within) as never, named(alias)) });
      }
    }
    for (const [name] of methods)
      Object.defineProperty(Made.prototype, name, { value(_sender: unknown) {}, configurable: true });
    const marks = methods.map(([name, alias, goes]) => [
      name,
      ((goes ? incoming : outgoing) as (o: object) => unknown)(named(alias)),
    ]);
    declareMethods(Made, Object.fromEntries(marks) as never);
    return Made as unknown as typeof RemoteAPI;
  };

  it('can be made again from their description', () => {
    let made = 0;
    fc.assert(
      fc.property(shape, (of) => {
        const spec = classOf(of);
        let described: MethodDescription[];
        try {
          described = spec.describe();
        } catch {
          return;
        }
        made += described.length;
        expect(specFrom(JSON.stringify(described)).describe()).toEqual(described);
      }),
      { numRuns: 500 },
    );
    expect(made).toBeGreaterThan(200);
  });
});
