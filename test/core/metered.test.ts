import { connect } from 'node:net';
import {
  Code,
  type Extension,
  incoming,
  install,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  RpcError,
  type Sender,
} from 'obverse';
import { afterEach, expect, it } from 'vitest';
import { failure, Log, until } from '../support/core-waiting.js';

class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { text?: string }): Reply<number> {}
  @incoming note(_sender: Sender, _args: { n: number }): void {}
  @outgoing({ hasReply: true }) confirm(_to: Receivers, _args: { n: number }): Reply<number> {}
}

type Metered = NonNullable<NonNullable<ReturnType<NonNullable<Extension['attach']>>['metered']>>;

/** What the meter of the side under test does; each test sets it. */
let meter: Metered | undefined;
install({
  name: 'test of metering',
  options: { testMeter: () => undefined },
  attach: ({ options }) => (meter !== undefined && 'testMeter' in options ? { metered: meter } : {}),
});

/** A rate limit: a bucket of tokens for each connection, which is filled by so many bytes in a second. */
function rateLimit(perSecond: number, burst: number, now: () => number): Metered {
  const buckets = new WeakMap<object, { tokens: number; at: number }>();
  return (connection, message, bytes) => {
    const bucket = buckets.get(connection) ?? { tokens: burst, at: now() };
    buckets.set(connection, bucket);
    bucket.tokens = Math.min(burst, bucket.tokens + ((now() - bucket.at) * perSecond) / 1_000) - bytes;
    bucket.at = now();
    if (bucket.tokens >= 0) return 0;
    if (bucket.tokens < -2 * burst) {
      connection.close(new RpcError('sends too much', Code.Busy));
      return 0;
    }
    if (message.kind === 'call' && message.id !== undefined && bucket.tokens < -burst)
      throw new RpcError('busy: too much in a second', Code.Busy);
    return Math.ceil((-bucket.tokens * 1_000) / perSecond);
  };
}

const open: { close(): unknown }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

async function meet(given: Metered, url = 'tcp://127.0.0.1:0', log: Log | null = null) {
  meter = given;
  const server = await Desk.serve(url as 'tcp://', { logger: log, testMeter: true } as object);
  meter = undefined;
  const client = await Desk.invert().connect(server.address as 'tcp://', { logger: null });
  open.push(client, server);
  client.confirm.connect((_sender, { n }) => n);
  server.ask.connect((_sender, { text = '' }) => text.length);
  await until(() => server.peers.size === 1);
  return { server, client };
}

it.each(['tcp://127.0.0.1:0', 'ws://127.0.0.1:0/desk'])(
  'sees every message, with its bytes: calls, notifications, answers, the own ones of the library, and what cannot be read (%s)',
  async (url) => {
    const seen: [what: string, bytes: number][] = [];
    const { server, client } = await meet((_connection, message, bytes) => {
      seen.push([message.kind === 'call' ? message.method : message.kind, bytes]);
      return 0;
    }, url);
    await client.to(null, { metadata: { a: 1 } }).ask({ text: 'x'.repeat(1_000) });
    client.remote.note({ n: 1 });
    const [peer] = [...server.peers.values()];
    expect(await server.confirm(peer as NonNullable<typeof peer>, { n: 2 })).toBe(2);
    const kinds = seen.map(([what]) => what);
    expect(new Set(kinds)).toEqual(new Set(['rpc.hello', 'rpc.about', 'ask', 'note', 'reply']));
    const bytes = Object.fromEntries(seen);
    // Those of one packet share its bytes.
    expect((bytes['rpc.about'] as number) + (bytes.ask as number)).toBeGreaterThan(1_000);
    const { bytesReceived } = server.stats() as unknown as { bytesReceived: number };
    const all = seen.reduce((sum, [, each]) => sum + each, 0);
    expect(all).toBeLessThanOrEqual(bytesReceived);
    expect(all).toBeGreaterThan(1_100);
  },
);

it('a bad message is metered, and counts as bad', async () => {
  const kinds: string[] = [];
  const { server } = await meet((_connection, { kind }) => {
    kinds.push(kind);
    return 0;
  });
  const socket = connect(Number(new URL(server.address).port), '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  socket.write('{"jsonrpc":"2.0","id":7,"method":4}\n{"jsonrpc":"2.0","id":8,"method":"ask","params":{}}\n');
  await until(() => text.includes('"id":8'));
  expect(kinds.slice(-2)).toEqual(['bad', 'call']);
  expect(text).toContain('-32600');
  socket.destroy();
});

it('refuses what it throws for: a call is answered with the error, a notification is reported, the others go on', async () => {
  const log = new Log();
  const { server, client } = await meet(
    (_connection, message) => {
      if (message.kind !== 'call') return 0;
      if (message.method === 'note') throw new RpcError('no notes', Code.Busy);
      if (message.method === 'ask' && JSON.stringify(message.args).includes('refused'))
        throw new RpcError('not now', Code.Busy);
      if (message.method === 'ask' && JSON.stringify(message.args).includes('broken')) throw new TypeError('a defect');
      return 0;
    },
    'tcp://127.0.0.1:0',
    log,
  );
  const notes: number[] = [];
  server.note.connect((_sender, { n }) => void notes.push(n));
  client.remote.note({ n: 1 });
  const refused = failure<RpcError>(client.remote.ask({ text: 'refused' }));
  const broken = failure<RpcError>(client.remote.ask({ text: 'broken' }));
  expect(await client.remote.ask({ text: 'fine' })).toBe(4);
  expect(await refused).toMatchObject({ code: Code.Busy, message: 'not now' });
  expect(await broken).toMatchObject({ code: Code.InternalError });
  expect(notes).toEqual([]);
  expect(log.texts).toContain('no notes');
});

it('lets reading rest: what comes waits, also the rest of its packet, and is served in order', async () => {
  let calm = 0;
  const { server, client } = await meet((_connection, message) =>
    message.kind === 'call' && message.method === 'note' && calm-- > 0 ? 20 : 0,
  );
  const served: number[] = [];
  server.note.connect((_sender, { n }) => void served.push(n));
  calm = 3;
  const begun = performance.now();
  for (let n = 0; n < 10; n++) client.remote.note({ n });
  expect(await client.remote.ask({ text: 'abc' })).toBe(3);
  expect(served).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  // Three rests, one after the other: a timer may be a little early.
  expect(performance.now() - begun).toBeGreaterThan(55);
});

it('a rest does not outlive its link, and a side closes while it lasts', async () => {
  const { server, client } = await meet((_connection, message) =>
    message.kind === 'call' && message.method === 'note' ? Number.POSITIVE_INFINITY : 0,
  );
  client.remote.note({ n: 1 });
  const waiting = failure(client.remote.ask({}));
  await new Promise((resolve) => setTimeout(resolve, 20));
  await server.close();
  await waiting;
  expect(server.peers.size).toBe(0);
});

it('a rate limit slows a peer down, refuses its calls, and cuts one that goes on', async () => {
  let now = 0;
  const { server, client } = await meet(rateLimit(1_000_000, 4_000, () => now));
  const ends: string[] = [];
  server.on('disconnect', ({ id }) => ends.push(id));
  expect(await client.remote.ask({ text: 'x'.repeat(1_000) })).toBe(1_000);
  now += 1_000;
  expect(await client.remote.ask({ text: 'x'.repeat(5_000) })).toBe(5_000);
  expect(await failure<RpcError>(client.remote.ask({ text: 'x'.repeat(4_000) }))).toMatchObject({ code: Code.Busy });
  await failure(client.remote.ask({ text: 'x'.repeat(4_000) }));
  await until(() => ends.length === 1);
});
