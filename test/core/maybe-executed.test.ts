import { createSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { endpointOf } from '../../src/api/side-class.js';
import {
  ConnectionLost,
  incoming,
  outgoing,
  ProtocolError,
  type Receivers,
  RemoteAPI,
  type Reply,
  type RpcError,
  type Sender,
  type Stream,
} from '../../src/index.js';
import { leaveConnection } from '../../src/session/change-connection.js';
import type { RpcSession } from '../../src/session/rpc-session.js';
import { until } from '../support/core-waiting.js';

/*
 * `maybeExecuted` of a ConnectionLost is false only if the call was certainly not carried out: it was never given to a link. Every call
 * here that was given to one is answered by nobody.
 */
class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { text?: string }): Reply<number> {}
  @incoming({ hasReply: true }) take(
    _sender: Sender,
    _args: { back: () => Reply<number> | Promise<number> },
  ): Reply<number> {}
  @incoming({ stream: true }) count(_sender: Sender): Stream<number> {}
  @incoming note(_sender: Sender, _args: { text?: string }): void {}
  @outgoing({ hasReply: true }) confirm(_to: Receivers, _args: { text?: string }): Reply<number> {}
}
const urls = { tcp: 'tcp://127.0.0.1:0', ws: 'ws://127.0.0.1:0/desk' } as const;
const never = (): Promise<number> => new Promise(() => {});

const open: { close(): unknown }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

/** How a call ends: whether it may have been carried out, or the class of another error. */
async function outcome(call: PromiseLike<unknown>): Promise<boolean | string> {
  try {
    await call;
    return 'answered';
  } catch (error) {
    return error instanceof ConnectionLost ? error.maybeExecuted : (error as Error).constructor.name;
  }
}
const outcomes = (...calls: PromiseLike<unknown>[]): Promise<(boolean | string)[]> => Promise.all(calls.map(outcome));
const thrown = (act: () => unknown): Promise<boolean | string> => outcome(Promise.resolve().then(act));

async function meet(url: string, options: object = {}, other: object = options) {
  const begun: string[] = [];
  const server = await Desk.serve(url as 'tcp://', { logger: null, ...other });
  server.ask.connect((_sender, { text = '' }) => {
    begun.push(text);
    return never();
  });
  server.take.connect((_sender, { back }) => {
    calls.push(Promise.resolve(back()));
    begun.push('take');
    return never();
  });
  server.count.connect(async function* () {
    begun.push('count');
    yield 1;
    await never();
  });
  const client = await Desk.invert().connect(server.address as 'tcp://', { logger: null, ...options });
  const calls: Promise<unknown>[] = [];
  client.confirm.connect((_sender, { text = '' }) => {
    begun.push(text);
    return never();
  });
  open.push(client, server);
  await until(() => server.peers.size === 1);
  const [near] = [...client.peers.values()];
  const [far] = [...server.peers.values()];
  if (near === undefined || far === undefined) throw new Error('no peer');
  return { server, client, near, far, begun, calls };
}

/** A server that reads and never says anything, not even hello. `drop` cuts its connections. */
async function mute(transport: keyof typeof urls): Promise<{ address: string; got: () => number; drop(): void }> {
  let bytes = 0;
  const read = (chunk: Buffer): void => {
    bytes += chunk.length;
  };
  if (transport === 'ws') {
    // As an Obverse answers: only then a hello is awaited.
    const handleProtocols = (offered: Set<string>): string | false =>
      [...offered].find((each) => each.startsWith('obverse.')) ?? false;
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols });
    server.on('connection', (socket) => socket.on('message', read).on('error', () => {}));
    await new Promise((resolve) => server.once('listening', resolve));
    open.push({ close: () => server.close() });
    const { port } = server.address() as { port: number };
    const drop = (): void => {
      for (const each of server.clients) each.terminate();
    };
    return { address: `ws://127.0.0.1:${port}/desk`, got: () => bytes, drop };
  }
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket.on('data', read).on('error', () => {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({ close: () => server.close() });
  const { port } = server.address() as { port: number };
  const drop = (): void => {
    for (const each of sockets) each.destroy();
  };
  return { address: `tcp://127.0.0.1:${port}`, got: () => bytes, drop };
}

describe.each(Object.entries(urls))('over %s', (name, url) => {
  it('a call that was given to the link may have been carried out, in both directions, whoever ends it', async () => {
    for (const end of [
      ({ far }) => far.close(),
      ({ near }) => near.close(),
      ({ near }) => near.close(new Error('enough')),
      ({ server }) => server.close(),
      ({ client }) => client.close(),
    ] as ((both: Awaited<ReturnType<typeof meet>>) => unknown)[]) {
      const both = await meet(url);
      const calls = [both.client.remote.ask({ text: 'a' }), both.server.confirm(null, { text: 'b' })];
      calls.push(both.client.to(null, { timeout: 50_000 }).ask({ text: 'c' }) as Promise<number>);
      const ended = outcomes(...calls);
      await until(() => both.begun.length === 3);
      end(both);
      expect(await ended).toEqual([true, true, true]);
    }
  });

  it('a call of the turn in which its link is cut was not carried out', async () => {
    const { client, server, near, far, begun } = await meet(url);
    const before = outcome(client.remote.ask({ text: 'before' }));
    await until(() => begun.length === 1);
    const after = outcomes(
      client.remote.ask({ text: 'plain' }),
      client.to(null, { metadata: { a: 1 } }).ask({ text: 'with headers' }),
      client.remote.take({ back: never }),
      client.remote.count().next(),
    );
    const gathered = client.gather(null).ask({ text: 'gathered' });
    near.close(new Error('cut'));
    expect(await after).toEqual([false, false, false, false]);
    expect(await before).toBe(true);
    const [part] = await gathered;
    expect(part?.status === 'rejected' && outcomeOf(part.reason)).toBe(false);
    await until(() => server.peers.size === 0);
    expect(begun).toEqual(['before']);
    // Nor was a call to a peer that has gone.
    expect(await outcomes(server.confirm(far, {}), client.to(near).ask({}))).toEqual([false, false]);
    expect(await thrown(() => client.to(near).note({ text: 'x' }))).toBe(false);
  });

  it('a side that is closed by itself still sends what was posted', async () => {
    const { client, begun } = await meet(url);
    const last = outcome(client.remote.ask({ text: 'last' }));
    await client.close();
    expect(await last).toBe(true);
    await until(() => begun.length === 1);
    expect(await outcome(client.remote.ask({ text: 'closed' }))).toBe(false);
  });

  it('a large call that waits for the hello of the peer was not carried out, nor one behind it', async () => {
    const far = await mute(name as 'tcp');
    const client = await Desk.invert().connect(far.address as 'tcp://', { logger: null });
    open.push(client);
    const text = 'x'.repeat(100_000);
    const ended = outcomes(client.remote.ask({}), client.remote.ask({ text }), client.remote.ask({ text: 'behind' }));
    await until(() => far.got() > 0);
    far.drop();
    expect(await ended).toEqual([true, false, false]);
    expect(far.got()).toBeLessThan(text.length);
  });

  it('a large call that is refused when the hello comes leaves the others their places', async () => {
    const { client, near, begun } = await meet(url, {}, { limits: { frameBytes: 80_000 } });
    const ended = outcomes(client.remote.ask({ text: 'x'.repeat(100_000) }), client.remote.ask({ text: 'small' }));
    await until(() => begun.length === 1);
    const same = outcome(client.remote.ask({ text: 'cut' }));
    near.close(new Error('cut'));
    expect(await ended).toEqual(['ProtocolError', true]);
    expect(await same).toBe(false);
  });

  it('a call that waits to be sealed was not carried out, and one that was sealed may have been', async () => {
    let release: () => void = () => {};
    const security = {
      seal: (_payload: unknown) =>
        sealing
          ? new Promise<{ info: object }>((resolve) => (release = () => resolve({ info: { by: 'a' } })))
          : { info: {} },
      open: (payload: string) => payload,
    };
    let sealing = false;
    const { client, near, begun } = await meet(url, { security }, { security: 'user' });
    const first = outcome(client.remote.ask({ text: 'at once' }));
    sealing = true;
    const second = outcome(client.remote.ask({ text: 'sealed later' }));
    await until(() => begun.length === 1);
    release();
    await until(() => begun.length === 2);
    const third = outcomes(client.remote.ask({}), client.to(null, { metadata: { a: 1 } }).ask({}));
    near.close(new Error('cut'));
    release();
    expect(await Promise.all([first, second, third])).toEqual([true, true, [false, false]]);
    expect(begun).toHaveLength(2);
  });

  it('a stream and a callback whose link ends may have been carried out', async () => {
    const { client, server, begun, calls } = await meet(url);
    const items = client.remote.count();
    expect((await items.next()).value).toBe(1);
    const ended = outcomes(items.next(), client.remote.take({ back: never }));
    await until(() => begun.includes('take'));
    const [callback] = calls.map(outcome);
    await client.close();
    expect(await ended).toEqual([true, true]);
    expect(await callback).toBe(true);
    await until(() => server.peers.size === 0);
  });

  it('with a ProtocolError, its calls end with that error', async () => {
    const { client, near } = await meet(url);
    const call = outcome(client.remote.ask({}));
    near.close(new ProtocolError('no more'));
    expect(await call).toBe('ProtocolError');
  });

  it('a reason that is a ConnectionLost is given as it is where it fits', async () => {
    const { client, near, begun } = await meet(url);
    const given = client.remote.ask({ text: 'given' }).catch((error: unknown) => error);
    await until(() => begun.length === 1);
    const waiting = client.remote.ask({}).catch((error: unknown) => error);
    const reason = new ConnectionLost('the door is shut');
    near.close(reason);
    expect(await given).toBe(reason);
    const other = (await waiting) as ConnectionLost;
    expect([other.message, other.maybeExecuted]).toEqual(['the door is shut', false]);
  });
});

function outcomeOf(error: unknown): boolean | string {
  return error instanceof ConnectionLost ? error.maybeExecuted : String(error);
}

it('a call for which there is nobody was not carried out', async () => {
  const side = Desk.create({ logger: null });
  expect(await outcome(side.confirm(null, {}))).toBe(false);
  const server = await Desk.serve('memory:nobody', { logger: null });
  open.push(server);
  expect(await outcomes(server.confirm(null, {}), server.confirm('ann', {}))).toEqual([false, false]);
});

it('a request to several receivers may have been carried out if one of them may have done it', async () => {
  const server = await Desk.serve('tcp://127.0.0.1:0', { logger: null });
  open.push(server);
  let begun = 0;
  for (let n = 0; n < 2; n++) {
    const client = await Desk.invert().connect(server.address, { logger: null });
    client.confirm.connect(() => {
      begun++;
      return never();
    });
    open.push(client);
  }
  await until(() => server.peers.size === 2);
  const [first, second] = [...server.peers.values()];
  const all = outcome(server.confirm(null, {}));
  await until(() => begun === 2);
  const both = outcome(server.confirm(null, {}));
  first?.close(new Error('cut'));
  // Now this turn is over: the other one is sent its call.
  await until(() => begun === 3);
  second?.close();
  expect(await Promise.all([all, both])).toEqual([true, true]);
});

it('a peer that is not Obverse ends its side: what it may have read may have been carried out, and later calls were not', async () => {
  let socket: Socket | undefined;
  const server = createServer({ allowHalfOpen: true }, (each) => {
    socket = each.on('error', () => {}).resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({ close: () => server.close() });
  const { port } = server.address() as { port: number };
  const client = await Desk.invert().connect(`tcp://127.0.0.1:${port}`, { logger: null });
  open.push(client);
  client.confirm.connect(never);
  await until(() => socket !== undefined);
  // A call that keeps the link open for its answer.
  socket?.write('{"jsonrpc":"2.0","id":1,"method":"confirm","params":{}}\n');
  const before = outcome(client.remote.ask({}));
  await new Promise((resolve) => setImmediate(resolve));
  const [peer] = [...client.peers.values()];
  socket?.end();
  expect(await before).toBe(true);
  expect(await outcome(client.to(peer as NonNullable<typeof peer>).ask({}))).toBe(false);
  socket?.destroy();
});

it('a session without a connection ends: what was given to the last one may have been carried out, what waited was not', async () => {
  const { client, begun } = await meet(urls.tcp);
  const [session] = endpointOf(client).peerRegistry.allSessions() as [RpcSession];
  session.journal = {
    admits: () => true,
    given: (messages) => messages,
    came: () => {},
    lost: () => {
      leaveConnection(session);
      return true;
    },
  };
  const given = outcome(client.remote.ask({ text: 'given' }));
  await until(() => begun.length === 1);
  session.link.close(new Error('cut'));
  await until(() => session.connection === undefined);
  const waiting = outcome(client.remote.ask({ text: 'away' }));
  await new Promise((resolve) => setImmediate(resolve));
  session.end(new Error('expired'));
  expect(await Promise.all([given, waiting])).toEqual([true, false]);
});

it('a call that waits for the proof of an address was not carried out', async () => {
  const server = await Desk.serve('udp://127.0.0.1:0', { logger: null });
  open.push(server);
  server.ask.connect(() => 1);
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  open.push({ close: () => void socket.close() });
  const { port } = new URL(server.address);
  socket.send('{"jsonrpc":"2.0","id":1,"method":"ask","params":{}}', Number(port), '127.0.0.1');
  await until(() => server.peers.size === 1);
  const [peer] = [...server.peers.values()];
  const large = outcome(server.confirm(peer as NonNullable<typeof peer>, { text: 'x'.repeat(5_000) }));
  await new Promise((resolve) => setImmediate(resolve));
  peer?.close();
  expect(await large).toBe(false);
});

it('is true by default, also for an instance without the field', () => {
  class Lost extends ConnectionLost {}
  expect(new ConnectionLost().maybeExecuted).toBe(true);
  expect(new ConnectionLost('x', { cause: 1, maybeExecuted: false })).toMatchObject({ cause: 1, maybeExecuted: false });
  expect((Object.setPrototypeOf(new Error('x'), Lost.prototype) as RpcError & Lost).maybeExecuted).toBe(true);
});
