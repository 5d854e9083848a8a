import { describe, expect, it } from 'vitest';
import { codec as makeCodec, UsageError } from '../../src/index.js';
import { dialing, listening, type Seen } from '../calls/stranger.js';
import { RawClient } from '../support/core-raw.js';
import { failure, until } from '../support/core-waiting.js';
import { held } from './held.js';
import { all, handle, Seen as SeenSources, Streams, upTo } from './spec.js';

/*
 * A peer that is not Obverse knows neither windows nor items: a stream here is a request there, whose answer is one
 * list. These peers use plain JSON-RPC 2.0 and plain MessagePack-RPC over bare sockets.
 */

describe.each(['jrpc', 'msgpack'])('a peer that is not Obverse and uses %s', (codec) => {
  it.each(['generator', 'async', 'web', 'node'])('calls a stream, and gets one list (%s)', async (kind) => {
    await using side = await Streams.serve('tcp://127.0.0.1:0', { codec, logger: null });
    const seen = handle(side);
    const stranger = await dialing(side.address, codec);
    expect(await stranger.call('count', { to: 500, kind })).toEqual({ id: 101, result: upTo(500) });
    expect(stranger.seen).toHaveLength(1);
    expect(seen.ended).toBe(1);
    expect(held(side)).toBe(0);
    stranger.socket.destroy();
  });

  it('calls a stream that fails, and gets the error only', async () => {
    await using side = await Streams.serve('tcp://127.0.0.1:0', { codec, logger: null });
    handle(side);
    const stranger = await dialing(side.address, codec);
    const { error } = await stranger.call('fail', { after: 5 });
    expect(error).toMatchObject({ message: 'no more numbers' });
    expect(stranger.seen).toHaveLength(1);
    stranger.socket.destroy();
  });

  it('serves a stream as a request: its list is iterated like any stream', async () => {
    const { address, come } = await listening(codec);
    await using side = await Streams.invert().connect(address, { codec, logger: null });
    const stranger = await come;
    stranger.served.count = (params) => upTo((params as { to: number }).to);
    expect(await all(side.remote.count({ to: 700 }))).toEqual({ items: upTo(700), error: undefined });
    // Nothing was pulled: the peer would not understand it.
    const methods = stranger.seen.map(({ method }) => method);
    expect(methods.filter((method) => method !== 'rpc.hello')).toEqual(['rpc.about', 'count']);
    expect(held(side)).toBe(0);
  });

  it('does not serve it: the error comes with the first next()', async () => {
    const { address, come } = await listening(codec);
    await using side = await Streams.invert().connect(address, { codec, logger: null });
    await come;
    expect((await failure(side.remote.count({ to: 5 }).next())).message).toBe('Method not found');
  });

  it('is notified when its list is no longer needed', async () => {
    const { address, come } = await listening(codec);
    await using side = await Streams.invert().connect(address, { codec, logger: null });
    const stranger = await come;
    stranger.served.count = () => new Promise(() => {});
    const stream = side.remote.count({ to: 5 });
    const asked = (): Seen | undefined => stranger.seen.find(({ method }) => method === 'count');
    await until(() => asked() !== undefined);
    await stream.return();
    await until(() => stranger.seen.some(({ method }) => method === 'rpc.cancel'));
    expect(stranger.seen.at(-1)).toMatchObject({ params: [asked()?.id] });
  });
});

describe.each(['jrpc?hello=off', 'jrpc?dialect=lsp', 'terse'])(
  'between two sides that use %s without hello',
  (name) => {
    it('a stream is one list, and no window is sent', async () => {
      const spoken = await makeCodec(name);
      const words: string[] = [];
      const listened = {
        ...spoken,
        encode: (message: Parameters<typeof spoken.encode>[0]) => {
          if (message.kind === 'call') words.push(message.method);
          return spoken.encode(message);
        },
      };
      await using server = await Streams.serve('tcp://127.0.0.1:0', { codec: listened, logger: null });
      const seen = handle(server);
      await using client = await Streams.invert().connect(server.address, { codec: listened, logger: null });
      expect(await all(client.remote.count({ to: 300 }))).toEqual({ items: upTo(300), error: undefined });
      expect(words).toEqual(['count']);
      expect(seen.ended).toBe(1);
    });

    it('a stream cannot be an argument', async () => {
      await using server = await Streams.serve('tcp://127.0.0.1:0', { codec: name, logger: null });
      await using client = await Streams.invert().connect(server.address, { codec: name, logger: null });
      async function* none() {}
      expect(await failure(client.remote.sum({ of: none() }))).toBeInstanceOf(UsageError);
      expect(held(client)).toBe(0);
    });
  },
);

describe('over udp, where messages may be lost,', () => {
  it('a stream is one list', async () => {
    await using server = await Streams.serve('udp://127.0.0.1:0', { logger: null });
    handle(server);
    await using client = await Streams.invert().connect(server.address, { logger: null });
    await until(() => client.peers.size === 1);
    expect(await all(client.remote.count({ to: 300 }))).toEqual({ items: upTo(300), error: undefined });
  });
});

describe('a batch of JSON-RPC', () => {
  it('answers streams with lists', async () => {
    await using server = await Streams.serve('tcp://127.0.0.1:0', { logger: null });
    handle(server, new SeenSources());
    using far = await RawClient.connect(server.address);
    const ask = (id: number, params: object) => ({ jsonrpc: '2.0', id, method: 'count', params });
    far.write([ask(1, { to: 3 }), ask(2, { to: 2, kind: 'async' })]);
    const [answers] = (await far.answers(1)) as [{ id: number; result: number[] }[]];
    expect(answers.map(({ id, result }) => [id, result]).sort()).toEqual([
      [1, [0, 1, 2]],
      [2, [0, 1]],
    ]);
  });
});

describe('a peer that answers a stream with something other than null or one list', () => {
  const next = (id: unknown, items: unknown) => ({ jsonrpc: '2.0', method: 'rpc.next', params: [id, items] });
  const answer = (id: unknown, result: unknown) => ({ jsonrpc: '2.0', id, result });
  /** Requests a stream from a peer, and returns it with a function that writes messages to its consumer. */
  async function asked(window: { items?: number }) {
    const { address, come } = await listening('jrpc');
    const side = await Streams.invert().connect(address, { logger: null });
    const stranger = await come;
    stranger.served.count = () => new Promise(() => {});
    const stream = side.to(null, { window }).count({ to: 5 });
    const call = (): Seen | undefined => stranger.seen.find(({ method }) => method === 'count');
    await until(() => call() !== undefined);
    const write = (messages: object[]): void => {
      for (const message of messages) stranger.socket.write(`${JSON.stringify(message)}\n`);
    };
    return { stream, write, id: call()?.id, stranger, [Symbol.asyncDispose]: () => side.close() };
  }
  /** The items of a stream whose producer writes that. */
  async function given(messages: (id: unknown) => object[]) {
    await using far = await asked({});
    far.write(messages(far.id));
    return await all(far.stream);
  }

  it.each([
    ['a list after items', [1, 2], /^the reply to a stream was a list although items had arrived before/],
    ['an object', { a: 1 }, /^the reply to a stream must be null .* not an object$/],
    ['a text', 'x', /^the reply to a stream must be null .* not a string$/],
  ])('makes it fail after the items that arrived: %s', async (_what, result, text) => {
    const { items, error } = await given((id) => [next(id, [1]), next(id, [2]), answer(id, result)]);
    expect(items).toEqual([1, 2]);
    expect((error as Error).message).toMatch(text);
  });

  it('loses no item silently: a list after items is refused, even if all of them were read', async () => {
    await using far = await asked({ items: 1 });
    far.write([next(far.id, [1])]);
    expect(await far.stream.next()).toEqual({ done: false, value: 1 });
    await until(() => far.stranger.seen.some(({ method }) => method === 'rpc.pull'));
    far.write([answer(far.id, [1])]);
    expect((await failure(far.stream.next())).message).toMatch('items had arrived before');
  });

  it.each([[['a']], [{ 0: 'a' }], ['a'], [null], [undefined]])(
    'makes it fail there if it sends items that are not a list (%j)',
    async (items) => {
      if (Array.isArray(items)) expect((await given((id) => [next(id, items), answer(id, null)])).items).toEqual(items);
      else {
        const { error } = await given((id) => [next(id, items), answer(id, null)]);
        expect((error as Error).message).toBe('the arguments of rpc.next must be the id of a call and a list of items');
      }
    },
  );

  it.each([
    ['nothing', []],
    ['empty lists', [[], []]],
  ])('but sends %s before null makes a stream without items, and before a list that list', async (_what, lists) => {
    const first = (id: unknown) => lists.map((items) => next(id, items));
    expect(await given((id) => [...first(id), answer(id, null)])).toEqual({ items: [], error: undefined });
    expect(await given((id) => [...first(id), answer(id, [7])])).toEqual({ items: [7], error: undefined });
  });
});
