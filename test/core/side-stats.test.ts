import { createConnection } from 'node:net';
import { describe, expect, it } from 'vitest';
import { install } from '../../src/api/extension-registry.js';
import {
  incoming,
  type Options,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type SideStats,
  type Stream,
} from '../../src/index.js';
import { until } from '../support/core-waiting.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) echo(_sender: Sender, _args: { text: string }): Reply<string> {}
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n: number }): Reply<number> {}
  @incoming tell(_sender: Sender, _args: { text: string }): void {}
  @incoming({ stream: true }) numbers(_sender: Sender): Stream<number> {}
  @incoming({ hasReply: true }) watch(_sender: Sender, _args: { changed: (n: number) => void }): Reply<null> {}
  @outgoing news(_to: Receivers, _args: { text: string }): void {}
}

const nothing: SideStats = {
  peers: 0,
  pendingCalls: 0,
  activeCalls: 0,
  queuedCalls: 0,
  streams: 0,
  references: 0,
  bufferedBytes: 0,
  peersAway: 0,
  keptMessages: 0,
  keptBytes: 0,
  resumed: 0,
  framesReceived: 0,
  framesSent: 0,
  bytesReceived: 0,
  bytesSent: 0,
};

/** A server and a client of it, and handlers that wait until they are released. */
async function sides(address: string, options: Partial<Options> = {}) {
  const server = await Spec.serve(address, { logger: null, ...options });
  const running: (() => void)[] = [];
  const held = <T>(value: T) => new Promise<T>((resolve) => running.push(() => resolve(value)));
  server.echo.connect((_sender, { text }) => text);
  server.ask.connect((_sender, { n }) => held(n));
  server.watch.connect(() => held(null));
  server.numbers.connect(async function* () {
    yield 1;
    await held(null);
    yield 2;
  });
  const { codec, security } = options;
  const client = await Spec.invert().connect(server.address, {
    logger: null,
    ...(codec !== undefined && { codec }),
    ...(security !== undefined && { security }),
  });
  const finish = () => {
    for (const done of running.splice(0)) done();
  };
  const close = async () => {
    finish();
    await client.close();
    await server.close();
  };
  return { server, client, running, finish, [Symbol.asyncDispose]: close };
}
type Stats = Partial<Record<keyof SideStats, number>>;
/** How many calls, streams and references there are. */
const load = ({ stats }: { stats(): SideStats }): Stats => {
  const { pendingCalls, activeCalls, queuedCalls, streams, references } = stats();
  const all: Stats = { pendingCalls, activeCalls, queuedCalls, streams, references };
  return Object.fromEntries(Object.entries(all).filter(([, number]) => number !== 0));
};

describe('frames and bytes', () => {
  it('are counted as the codec made them, without separators', async () => {
    await using server = await Spec.serve('tcp://127.0.0.1:0', { logger: null, codec: 'jrpc?hello=off' });
    server.echo.connect((_sender, { text }) => text);
    const heard: string[] = [];
    server.tell.connect((_sender, { text }) => void heard.push(text));
    expect(server.stats()).toEqual(nothing);
    const socket = createConnection(Number(new URL(server.address).port), '127.0.0.1').setEncoding('utf8');
    let read = '';
    socket.on('data', (text) => {
      read += text;
    });
    const frames = [
      '{"jsonrpc":"2.0","id":1,"method":"echo","params":{"text":"ü"}}',
      '{"jsonrpc":"2.0","method":"tell","params":{"text":"one"}}',
      '{"jsonrpc":"2.0","method":"tell","params":{"text":"two"}}',
    ];
    socket.write(frames.map((frame) => `${frame}\n`).join(''));
    const answer = '{"jsonrpc":"2.0","id":1,"result":"ü"}';
    await until(() => heard.length === 2 && read === `${answer}\n`);
    expect(server.stats()).toEqual({
      ...nothing,
      peers: 1,
      framesReceived: 3,
      bytesReceived: frames.join('').length,
      framesSent: 1,
      bytesSent: answer.length,
    });
    socket.destroy();
    await until(() => server.peers.size === 0);
    expect(server.stats()).toMatchObject({ peers: 0, framesReceived: 3, framesSent: 1 });
  });

  it.each<[address: string, options: Partial<Options>]>([
    ['tcp://127.0.0.1:0', {}],
    ['tcp://127.0.0.1:0', { security: 'user' }],
    ['ws://127.0.0.1:0', {}],
    ['memory:stats', { codec: 'jrpc' }],
    ['memory:stats-clone', { codec: 'clone' }],
    ['udp://127.0.0.1:0', {}],
  ])('are equal at both ends of %s with %o', async (address, options) => {
    await using both = await sides(address, options);
    const { server, client } = both;
    await client.remote.echo({ text: 'hello' });
    await Promise.all(Array.from({ length: 10 }, (_, n) => client.remote.echo({ text: `${n}` })));
    const [here, there] = [client.stats(), server.stats()];
    expect(here.framesSent).toBeGreaterThan(0);
    expect(here.framesReceived).toBeGreaterThan(0);
    expect([here.framesSent, here.bytesSent]).toEqual([there.framesReceived, there.bytesReceived]);
    expect([here.framesReceived, here.bytesReceived]).toEqual([there.framesSent, there.bytesSent]);
    expect([load(client), load(server)]).toEqual([{}, {}]);
  });

  it('over a byte stream without separators, frames may arrive as one, with the same number of bytes', async () => {
    await using both = await sides('tcp://127.0.0.1:0', { codec: 'msgpack' });
    const { server, client } = both;
    await Promise.all(Array.from({ length: 10 }, (_, n) => client.remote.echo({ text: `${n}` })));
    const [here, there] = [client.stats(), server.stats()];
    expect(there.framesReceived).toBeLessThanOrEqual(here.framesSent);
    expect([here.bytesSent, here.bytesReceived]).toEqual([there.bytesReceived, there.bytesSent]);
    expect(here.framesSent).toBeGreaterThanOrEqual(10);
  });

  it.each(['tcp://127.0.0.1:0', 'memory:stats-frames'])(
    'of %s are one for each message that is sent alone',
    async (at) => {
      await using both = await sides(at, { codec: 'jrpc?hello=off' });
      const { server, client } = both;
      for (let n = 0; n < 5; n++) await client.remote.echo({ text: 'hello' });
      client.remote.tell({ text: 'hello' });
      await until(() => server.stats().framesReceived === 6);
      expect(server.stats()).toMatchObject({ framesReceived: 6, framesSent: 5 });
      expect(client.stats()).toMatchObject({ framesReceived: 5, framesSent: 6 });
    },
  );

  it('include sessions that have ended, and start at 0 for another side', async () => {
    const server = await Spec.serve('tcp://127.0.0.1:0', { logger: null, codec: 'jrpc?hello=off' });
    server.echo.connect((_sender, { text }) => text);
    const options = { codec: 'jrpc?hello=off' };
    for (let n = 1; n <= 3; n++) {
      const client = await Spec.invert().connect(server.address, options);
      await client.remote.echo({ text: 'hello' });
      expect(server.stats()).toMatchObject({ peers: 1, framesReceived: n, framesSent: n });
      await client.close();
      expect(client.stats()).toMatchObject({ ...nothing, ...totals(client.stats()), framesSent: 1, framesReceived: 1 });
      await until(() => server.peers.size === 0);
    }
    await server.close();
    expect(server.stats()).toEqual({ ...nothing, ...totals(server.stats()) });
    expect(totals(server.stats())).toMatchObject({ framesReceived: 3, framesSent: 3 });
    expect(Spec.create().stats()).toEqual(nothing);
  });
});

const totals = ({ framesReceived, framesSent, bytesReceived, bytesSent }: SideStats): Stats => ({
  framesReceived,
  framesSent,
  bytesReceived,
  bytesSent,
});

describe('calls, streams and references', () => {
  it('calls of peers are active or queued, calls of this side are pending', async () => {
    await using both = await sides('tcp://127.0.0.1:0', { concurrency: 2 });
    const { server, client, running, finish } = both;
    const answers = [1, 2, 3, 4, 5].map((n) => client.remote.ask({ n }));
    await until(() => server.stats().queuedCalls === 3);
    expect([load(client), load(server)]).toEqual([{ pendingCalls: 5 }, { activeCalls: 2, queuedCalls: 3 }]);
    expect(client.pendingCalls()).toHaveLength(5);
    finish();
    await until(() => running.length === 2);
    expect(load(server)).toEqual({ activeCalls: 2, queuedCalls: 1 });
    while (server.stats().activeCalls > 0) {
      finish();
      await until(() => running.length > 0 || server.stats().activeCalls === 0);
    }
    expect(await Promise.all(answers)).toEqual([1, 2, 3, 4, 5]);
    expect([load(client), load(server)]).toEqual([{}, {}]);
  });

  it('calls are not counted once their session has ended', async () => {
    await using both = await sides('tcp://127.0.0.1:0', { concurrency: 1 });
    const { server, client } = both;
    const answers = Promise.allSettled([client.remote.ask({ n: 1 }), client.remote.ask({ n: 2 })]);
    await until(() => server.stats().queuedCalls === 1);
    await client.close();
    await answers;
    expect(load(client)).toEqual({});
    await until(() => server.peers.size === 0);
    expect(load(server)).toEqual({});
  });

  it('a stream counts at both ends, until it ends', async () => {
    await using both = await sides('tcp://127.0.0.1:0');
    const { server, client, running, finish } = both;
    const numbers = client.remote.numbers();
    expect(await numbers.next()).toEqual({ done: false, value: 1 });
    expect(load(client)).toEqual({ pendingCalls: 1, streams: 1 });
    expect(load(server)).toEqual({ activeCalls: 1, streams: 1 });
    await until(() => running.length === 1);
    finish();
    expect(await numbers.next()).toEqual({ done: false, value: 2 });
    expect((await numbers.next()).done).toBe(true);
    expect([load(client), load(server)]).toEqual([{}, {}]);
  });

  it('a reference counts at both ends, until it is released', async () => {
    await using both = await sides('tcp://127.0.0.1:0');
    const { server, client, running, finish } = both;
    const watched = client.remote.watch({ changed: () => {} });
    await until(() => running.length === 1);
    expect(load(client)).toEqual({ pendingCalls: 1, references: 1 });
    expect(load(server)).toEqual({ activeCalls: 1, references: 1 });
    finish();
    await watched;
    expect([load(client), load(server)]).toEqual([{}, {}]);
  });
});

describe('buffered bytes', () => {
  it('are those of the current turn, and then 0', async () => {
    await using both = await sides('tcp://127.0.0.1:0', { codec: 'jrpc?hello=off' });
    const { client } = both;
    const { bytesSent } = client.stats();
    client.remote.tell({ text: 'hello' });
    const frame = '{"jsonrpc":"2.0","method":"tell","params":{"text":"hello"}}';
    expect(client.stats()).toMatchObject({ bufferedBytes: frame.length, bytesSent });
    await until(() => client.stats().bufferedBytes === 0);
    expect(client.stats().bytesSent).toBe(bytesSent + frame.length);
  });

  it('include those that a peer does not read, and those that a group keeps for it', async () => {
    await using server = await Spec.serve('tcp://127.0.0.1:0', { logger: null, codec: 'jrpc?hello=off' });
    const socket = createConnection(Number(new URL(server.address).port), '127.0.0.1');
    socket.on('error', () => {}).pause();
    await until(() => server.peers.size === 1);
    const text = 'x'.repeat(1024 * 1024);
    for (let n = 0; n < 16; n++) server.news(null, { text });
    await until(() => server.stats().framesSent === 16);
    const { bufferedBytes } = server.stats();
    expect(bufferedBytes).toBeGreaterThan(0);
    expect(bufferedBytes).toBeLessThanOrEqual(server.stats().bytesSent);
    const slow = server.group('slow', { slow: 'drop-oldest' }).add(...server.peers.values());
    server.news(slow, { text: 'kept' });
    const kept = '{"jsonrpc":"2.0","method":"news","params":{"text":"kept"}}';
    expect(server.stats()).toMatchObject({ bufferedBytes: bufferedBytes + kept.length, framesSent: 16 });
    socket.resume();
    await until(() => server.stats().bufferedBytes === 0);
    expect(server.stats().framesSent).toBe(17);
    socket.destroy();
  });
});

it('extensions can add numbers', async () => {
  install({ name: 'quota', attach: () => ({ stats: () => ({ refused: 3 }) }) });
  expect(Spec.create().stats()).toEqual({ ...nothing, refused: 3 });
  install({ name: 'quota' });
  expect(Spec.create().stats()).toEqual(nothing);
});

it('of a mounted side are those of the side on which it is mounted', async () => {
  class More extends RemoteAPI {
    @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n: number }): Reply<number> {}
  }
  await using both = await sides('memory:stats-mounted');
  const { server, client } = both;
  const more = server.mount('more', More);
  more.ask.connect((_sender, { n }) => n);
  expect(await client.mount('more', More.invert()).remote.ask({ n: 1 })).toBe(1);
  expect(more.stats()).toEqual(server.stats());
  expect(more.stats()).toMatchObject({ peers: 1 });
});

it('returns a new object each time, and can be destructured', () => {
  const { stats } = Spec.create();
  expect(stats()).not.toBe(stats());
});

it('is a reserved name of a spec', () => {
  class Counting extends RemoteAPI {
    // @ts-expect-error: a type error, too.
    @incoming stats(_sender: Sender): void {}
  }
  expect(() => Counting.create()).toThrow('every side has a member "stats"');
});
