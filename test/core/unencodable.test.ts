import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender, type Stream } from 'obverse';
import { describe, expect, it } from 'vitest';
import { whyUnencodable } from '../../src/session/sending/unencodable.js';
import { failure } from '../support/core-waiting.js';

class Store extends RemoteAPI {
  @incoming({ hasReply: true }) take(_sender: Sender, _args: { list: unknown }): Reply<unknown> {}
  @incoming({ stream: true }) items(_sender: Sender): Stream<unknown> {}
  @incoming({ params: ['a', 'b'], allowPositionalArgs: true }) put(_sender: Sender, _a: unknown, _b: unknown): void {}
  @outgoing said(_receivers: Receivers, _args: { text: unknown }): void {}
}

const cycle: { a: unknown[] } = { a: [1] };
cycle.a.push(cycle);
class Account {
  readonly balance = 1n;
}
const throwing = {
  get bad(): number {
    throw new Error('no luck');
  },
};
const json = {
  toJSON(): never {
    throw new Error('no luck');
  },
};

/** Which codec refuses which value, and how the error begins: in `{ list: [1, { item }] }`. */
const refused: readonly (readonly [codec: string, name: string, item: unknown, text: string])[] = [
  ['jrpc', 'a bigint', 1n, 'a bigint at .list[1].item: Do not know how to serialize a BigInt (register standardTypes'],
  ['jrpc?dialect=lsp', 'a bigint', 1n, 'a bigint at .list[1].item: Do not know how to serialize a BigInt (send it as'],
  ['terse', 'a bigint', 1n, 'a bigint at .list[1].item: '],
  ['jrpc', 'a field of a class', new Account(), 'a bigint at .list[1].item.balance: '],
  ['jrpc', 'a cycle', cycle, '.list[1].item.a[1] is .list[1].item again: Converting circular structure to JSON'],
  ['msgpack', 'a cycle', cycle, '.list[1].item.a[1] is .list[1].item again: '],
  ['terse', 'a cycle', cycle, '.list[1].item.a[1] is .list[1].item again: '],
  ['msgpack', 'a symbol', Symbol('x'), 'a symbol at .list[1].item: '],
  ['terse', 'a symbol', Symbol('x'), 'a symbol at .list[1].item: '],
  ['clone', 'a symbol', Symbol('x'), 'a symbol at .list[1].item: '],
  ['clone', 'a WeakMap', new WeakMap(), 'a value of the class WeakMap at .list[1].item: '],
  ['jrpc', 'a getter that throws', throwing, '.list[1].item.bad throws when it is read: no luck'],
  ['jrpc', 'a toJSON that throws', json, 'a value of the class Object at .list[1].item: no luck'],
  ['msgpack', 'a toJSON that throws', json, 'a value of the class Object at .list[1].item: no luck'],
  ['jrpc', 'a Map', new Map([['k', 1n]]), 'a Map at .list[1].item cannot be sent, because it would arrive as an empty'],
];

describe.each(refused)('with the codec %s, %s', (codec, _name, item, text) => {
  it('is named with its path, as an argument, in a result, in an item of a stream, by either side', async () => {
    const value = { list: [1, { item }] };
    await using store = await Store.serve('memory:unencodable', { codec, logger: null });
    store.take.connect((_sender, { list }) => (list === 'back' ? value : null));
    store.items.connect(function* () {
      yield value;
    });
    await using client = await Store.invert().connect(store.address, { codec, logger: null });
    const begins = (what: string) => expect.stringContaining(`${what} cannot be encoded: ${text}`);
    expect((await failure(client.remote.take(value))).message).toEqual(begins('the arguments of take'));
    expect((await failure(client.remote.take({ list: 'back' }))).message).toEqual(begins('the result'));
    const told = await failure((async () => store.said(null, { text: value }))());
    expect(told.message).toContain(`the arguments of said cannot be encoded: `);
    expect(told.message).toContain(text.replaceAll('.list', '.text.list').slice(0, 20));
    if (!codec.includes('lsp') && codec !== 'terse')
      expect((await failure(client.remote.items().next())).message).toContain(' cannot be encoded: ');
    // Later values can still be encoded.
    expect(await client.remote.take({ list: 'fine' })).toBe(null);
  });
});

it('a function that a codec without references cannot encode is named with its path', async () => {
  await using store = await Store.serve('memory:unencodable', { codec: 'jrpc?dialect=lsp', logger: null });
  await using client = await Store.invert().connect(store.address, { codec: 'jrpc?dialect=lsp', logger: null });
  const error = await failure(client.remote.take({ list: [{ item: () => 1 }] }));
  expect(error.message).toMatch(
    /cannot be passed here \(one is at \[0\]\.list\[0\]\.item\): the codec is for peers that are not Obverse/,
  );
});

it('a path among positional arguments begins with the number of the argument', async () => {
  await using store = await Store.serve('memory:unencodable', { codec: 'jrpc?dialect=lsp', logger: null });
  await using client = await Store.invert().connect(store.address, { logger: null });
  const error = await failure((async () => client.remote.put('x', { n: 1n }))());
  expect(error.message).toMatch(/cannot be encoded: a bigint at (\[1\]|\.b)\.n: /);
});

it('the search for the value is bounded: a large value does not stop the process', () => {
  let encoded = 0;
  const codec = {
    hello: true,
    form: 'text',
    encode: () => {
      encoded++;
      throw new Error('never');
    },
  };
  const why = (value: unknown) => whyUnencodable(codec as never, { kind: 'reply', id: 1, value }, new Error('never'));
  let deep: unknown = 1;
  for (let n = 0; n < 100_000; n++) deep = { deep };
  expect(why(deep)).toBe('never');
  // Each object occurs twice in the one above it: 2 to the power of 100 paths.
  let wide: unknown = {};
  for (let n = 0; n < 100; n++) wide = { left: wide, right: wide };
  expect(why(wide)).toBe('never');
  expect(encoded).toBe(0);
  codec.encode = () => ++encoded as never;
  expect(why(Array.from({ length: 100_000 }, () => 1n))).toBe('never');
  expect(encoded).toBeLessThanOrEqual(100);
});
