import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender, type Stream } from 'obverse';
import { expect, it } from 'vitest';

class Room extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender): Reply<number> {}
  @incoming({ stream: true }) count(_sender: Sender): Stream<unknown> {}
  @outgoing said(_receivers: Receivers): void {}
}

let rooms = 0;
async function sides(options: NonNullable<Parameters<typeof Room.serve>[1]> = {}) {
  const room = await Room.serve(`memory:texts-${++rooms}`, { logger: null, ...options });
  const visitor = await Room.invert().connect(room.address, { logger: null });
  return {
    room,
    visitor,
    async [Symbol.asyncDispose]() {
      await visitor.close();
      await room.close();
    },
  };
}
const failure = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => new Error('nothing failed'),
    (error: Error) => error,
  );

it('a timeout names its duration and the peer', async () => {
  await using both = await sides();
  both.room.ask.connect(() => new Promise<number>(() => {}));
  const peer = [...both.visitor.peers.keys()][0];
  expect((await failure(both.visitor.to(null, { timeout: 20 }).ask())).message).toBe(
    `ask was not answered in time: nothing came from ${peer} within 20 ms`,
  );
  expect((await failure(both.visitor.to(null, { timeout: 20, maxTimeout: 1_000 }).ask())).message).toContain(
    `nothing came from ${peer} for 20 ms, not even progress`,
  );
  both.room.count.connect(async function* () {
    yield 1;
    await new Promise(() => {});
  });
  const stream = both.visitor.to(null, { timeout: 20 }).count();
  await stream.next();
  expect((await failure(stream.next())).message).toContain('within 20 ms after the last item was requested');
});

it('an item that cannot be encoded is called an item, not an internal message', async () => {
  await using both = await sides();
  both.room.count.connect(function* () {
    yield 1n;
  });
  const { message } = await failure(both.visitor.remote.count().next());
  expect(message).toMatch(/^an item of the stream cannot be encoded: /);
});

it('two handlers that both answer are reported where they are, once', async () => {
  const told: string[] = [];
  const logger = { warn: (text: string) => told.push(text), error: (text: string) => told.push(text) };
  await using both = await sides({ logger });
  const handler = () => 1;
  both.room.ask.connect(handler);
  both.room.ask.connect(handler);
  for (let n = 0; n < 3; n++)
    expect((await failure(both.visitor.remote.ask())).message).toContain('ask produced more than one reply');
  expect(told).toEqual([
    'obverse: ask produced more than one reply: at most one handler may return one, and 2 are connected; others return undefined, or are disconnected',
  ]);
});

it('a call on a side whose link has ended says how to open it again', async () => {
  await using both = await sides();
  const gone = new Promise((resolve) => both.visitor.on('disconnect', resolve));
  expect((await failure(both.visitor.open())).message).toBe('a side can be opened only once, and this one is open');
  await both.room.close();
  await gone;
  expect((await failure(both.visitor.open())).message).toContain('its link has ended: await changeTransport(address)');
  await both.visitor.close();
  expect((await failure(both.visitor.open())).message).toContain('is closed: create another one');
});

const pairs: readonly (readonly [client: string, server: string, text: RegExp])[] = [
  ['jrpc', 'msgpack', /this side expects MessagePack/],
  ['terse', 'msgpack', /this side expects MessagePack/],
  ['terse', 'jrpc', /check that both sides have the same codec/],
  ['jrpc', 'terse', /check that both sides have the same codec/],
  ['msgpack', 'jrpc', /looks like MessagePack/],
  ['msgpack', 'terse', /looks like MessagePack/],
];
it.each(pairs)(
  'the error for a client with the codec %s names the codec %s of the server',
  async (client, server, text) => {
    await using room = await Room.serve('tcp://127.0.0.1:0', { codec: server, logger: null });
    await using visitor = await Room.invert().connect(room.address, { codec: client, logger: null });
    expect((await failure(visitor.remote.ask())).message).toMatch(text);
  },
);
