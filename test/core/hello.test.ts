import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  Code,
  incoming,
  type Options,
  outgoing,
  type Peer,
  type Receivers,
  RemoteAPI,
  type Reply,
  type RpcError,
  type Sender,
} from '../../src/index.js';
import { Played, turn } from '../support/core-played.js';
import { RawClient } from '../support/core-raw.js';
import { failure, Log } from '../support/core-waiting.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: object): Reply<unknown> {}
  @outgoing news(_to: Receivers, _args: { n?: number }): void {}
}
const hello = { jsonrpc: '2.0', method: 'rpc.hello', params: { obverse: 1, codec: 'jrpc' } };

async function side(traits: object, options: Options = {}) {
  const played = new Played();
  const far = played.visit('far', traits);
  const log = new Log();
  const api = await Spec.connect(played.maker, { logger: log, ...options });
  await turn();
  return { api, far, log };
}
/** Whether a side considers its peers to be Obverse. */
const agreed = (api: { readonly peers: ReadonlyMap<string, Peer> }) =>
  [...api.peers.values()].map((peer) => (peer as unknown as { session: { agreed: boolean } }).session.agreed);

describe('rpc.hello', () => {
  it('is sent by the side that connects, with its first messages, and answered by the other', async () => {
    const dialing = await side({ dialed: true });
    expect(dialing.far.heard).toEqual([hello]);
    expect(agreed(dialing.api)).toEqual([false]);
    dialing.far.say(hello);
    await turn();
    expect(dialing.far.heard.length).toBe(1);
    expect(agreed(dialing.api)).toEqual([true]);

    const waiting = await side({});
    expect(waiting.far.heard).toEqual([]);
    waiting.far.say(hello, hello);
    await turn();
    expect(waiting.far.heard).toEqual([hello]);
    expect(agreed(waiting.api)).toEqual([true]);
  });

  it.each<[string, object, Options]>([
    ['with hello=off', { dialed: true }, { codec: 'jrpc?hello=off' }],
    ['in a dialect', { dialed: true }, { codec: 'jrpc?dialect=mcp' }],
    ['on a bus', { dialed: true, bus: true }, {}],
    ['by a side that has been called', {}, {}],
  ])('is not sent %s', async (_where, traits, options) => {
    const { far } = await side(traits, options);
    expect(far.heard).toEqual([]);
  });

  it.each<[string, object, Options]>([
    ['with hello=off', {}, { codec: 'jrpc?hello=off' }],
    ['in a dialect', {}, { codec: 'jrpc?dialect=mcp' }],
    ['on a bus', { bus: true }, {}],
  ])('is ignored %s', async (_where, traits, options) => {
    const { api, far, log } = await side(traits, options);
    far.say(hello);
    await turn();
    expect(far.heard).toEqual([]);
    expect(agreed(api)).toEqual([false]);
    expect(log.warnings).toEqual([]);
  });

  it.each([undefined, [], {}, { obverse: 'x' }, { obverse: 99, more: [] }])(
    'is accepted whatever it contains: %j',
    async (params) => {
      const { api, far, log } = await side({});
      far.say({ jsonrpc: '2.0', method: 'rpc.hello', ...(params !== undefined && { params }) });
      await turn();
      expect(agreed(api)).toEqual([true]);
      expect(log.warnings).toEqual([]);
    },
  );

  it.each<[string, object, Options]>([
    ['the link is too small for it', { dialed: true, maxFrame: 30 }, {}],
    [
      'the security refuses to seal it',
      { dialed: true },
      {
        security: {
          seal: () => {
            throw new Error('no key');
          },
          open: (payload) => payload,
        },
      },
    ],
  ])('does not affect the link if %s', async (_why, traits, options) => {
    const { api, far, log } = await side(traits, options);
    expect(api.peers.size).toBe(1);
    expect(far.heard).toEqual([]);
    expect(log.warnings.length).toBe(1);
  });

  it('is answered by a frame of its own, also where frames are joined: the answer tells the peer that they may be', async () => {
    const { api, far } = await side({ packets: true });
    const ask = (id: number) => ({ jsonrpc: '2.0', id, method: 'ask', params: {} });
    api.ask.connect(() => 'x');
    far.say(hello, ask(1), ask(2));
    await turn();
    expect(far.heard).toEqual([hello, ...[1, 2].map((id) => ({ jsonrpc: '2.0', id, result: 'x' }))]);
    far.say(ask(3), ask(4));
    await turn();
    expect(far.heard.slice(3)).toEqual([[3, 4].map((id) => ({ jsonrpc: '2.0', id, result: 'x' }))]);
  });

  it('cannot be called as a method', async () => {
    const { api, far } = await side({});
    far.say({ ...hello, id: 1 });
    await turn();
    expect(far.heard[0].error.message).toBe('the method "rpc.hello" is unknown');
    expect(agreed(api)).toEqual([false]);
  });
});

it('is exchanged by two Obverse sides in memory, and changes nothing else', async () => {
  for (const codec of ['jrpc', 'jrpc?hello=off']) {
    await using server = await Spec.serve('memory:hello', { codec });
    server.ask.connect(async (_sender, args) => args);
    await using client = await Spec.invert().connect('memory:hello', { codec });
    const heard: unknown[] = [];
    client.news.connect((_sender, args) => void heard.push(args));
    expect(await Promise.all([1, 2, 3].map((n) => client.remote.ask({ n })))).toEqual([1, 2, 3].map((n) => ({ n })));
    server.news(null, { n: 1 });
    await turn();
    expect(heard).toEqual([{ n: 1 }]);
    const spoken = codec === 'jrpc';
    expect([...agreed(server), ...agreed(client)]).toEqual([spoken, spoken]);
  }
});

it('is not required: an array from a peer without it is a batch', async () => {
  await using server = await Spec.serve('tcp://127.0.0.1:0', { logger: null });
  server.ask.connect(async () => 'x');
  using plainPeer = await RawClient.connect(server.address);
  plainPeer.write([1, 2].map((id) => ({ jsonrpc: '2.0', id, method: 'ask' })));
  const [batch] = await plainPeer.answers(1);
  expect((batch as unknown[]).length).toBe(2);
});

it('makes an array a packet: each call is answered separately', async () => {
  await using server = await Spec.serve('tcp://127.0.0.1:0', { logger: null });
  const finish: (() => void)[] = [];
  server.ask.connect((_sender, args) => {
    const { wait } = args as { wait?: boolean };
    return wait ? new Promise((resolve) => finish.push(() => resolve('later'))) : 'now';
  });
  using client = await RawClient.connect(server.address);
  client.write(hello);
  client.write([true, false].map((wait, id) => ({ jsonrpc: '2.0', id, method: 'ask', params: { wait } })));
  const told = { ...hello, params: { ...hello.params, frameBytes: 1024 * 1024, beat: 15_000 } };
  expect(await client.answers(2)).toEqual([told, { jsonrpc: '2.0', id: 1, result: 'now' }]);
  for (const end of finish) end();
  expect((await client.answers(3))[2]).toEqual({ jsonrpc: '2.0', id: 0, result: 'later' });
});

describe('the limit on frames that rpc.hello announces', () => {
  it.each(['tcp://127.0.0.1:0', 'ws://127.0.0.1:0'])(
    'fails only a call over %s that is larger, before it is sent, also right after connecting',
    async (url) => {
      await using server = await Spec.serve(url, { logger: null });
      server.ask.connect((_sender, args) => JSON.stringify(args).length);
      await using client = await Spec.invert().connect(server.address, { logger: null });
      const calls = [1, 2 * 1024 * 1024, 2].map((size) => client.remote.ask({ text: 'x'.repeat(size) } as never));
      const [first, second, third] = await Promise.allSettled(calls);
      expect([first?.status, third?.status]).toEqual(['fulfilled', 'fulfilled']);
      expect(second).toMatchObject({ reason: { code: Code.TooLarge } });
      expect(String((second as PromiseRejectedResult).reason)).toMatch(/1048576 bytes.*its limits\.frameBytes/);
      expect(server.peers.size).toBe(1);
    },
  );

  it('replaces a larger answer by an error', async () => {
    await using server = await Spec.serve('tcp://127.0.0.1:0', { logger: null });
    server.ask.connect(() => 'x'.repeat(20_000));
    await using client = await Spec.invert().connect(server.address, { logger: null, limits: { frameBytes: 10_000 } });
    const error = await failure<RpcError>(client.remote.ask({}));
    expect(error.code).toBe(Code.TooLarge);
    expect(error.message).toMatch('its limits.frameBytes');
  });

  it('is the option frameBytes for all links; on accepted links its default is 1 MiB', async () => {
    for (const [limits, frameBytes] of [
      [{}, 1024 * 1024],
      [{ frameBytes: 5_000 }, 5_000],
      // JSON has no Infinity.
      [{ frameBytes: Number.POSITIVE_INFINITY }, Number.MAX_SAFE_INTEGER],
    ] as const) {
      await using server = await Spec.serve('tcp://127.0.0.1:0', { logger: null, limits });
      using client = await RawClient.connect(server.address);
      client.write(hello);
      expect(await client.answers(1)).toEqual([{ ...hello, params: { ...hello.params, frameBytes, beat: 15_000 } }]);
    }
  });
});

it('is announced over every byte stream on which this side connects', async () => {
  const heard: string[] = [];
  const server = createServer((socket) => socket.on('data', (chunk) => heard.push(String(chunk)))).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  const api = await Spec.connect(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`);
  while (heard.length === 0) await turn();
  expect(JSON.parse(heard[0] as string)).toEqual({ ...hello, params: { ...hello.params, beat: 15_000 } });
  await api.close();
  server.close();

  await using serving = await Spec.serve('tcp://127.0.0.1:0');
  await using dialing = await Spec.invert().connect(serving.address);
  while (!agreed(dialing)[0]) await turn();
  expect([...agreed(serving), ...agreed(dialing)]).toEqual([true, true]);
});
