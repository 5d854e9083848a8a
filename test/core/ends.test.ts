import { createServer, type Server } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  Code,
  ConnectionLost,
  incoming,
  outgoing,
  type Peer,
  ProtocolError,
  type Receivers,
  RemoteAPI,
  type Reply,
  type RpcError,
  type Sender,
  UsageError,
} from '../../src/index.js';
import { Played, turn } from '../support/core-played.js';
import { failure, until } from '../support/core-waiting.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: object): Reply<unknown> {}
  @incoming tell(_sender: Sender, _args: object): void {}
  @outgoing({ hasReply: true }) question(_to: Receivers, _args: object): Reply<unknown> {}
  @outgoing news(_to: Receivers, _args: object): void {}
}

/** Two sides with a pending call in each direction, neither of which is ever answered. */
async function busy(url: string) {
  const server = await Spec.serve(url, { logger: null });
  const client = await Spec.invert().connect(server.address, { logger: null });
  server.ask.connect(() => new Promise(() => {}));
  let asked = 0;
  client.question.connect(() => {
    asked++;
    return new Promise(() => {});
  });
  const events: string[] = [];
  server.on('disconnect', (peer) => events.push(`server: ${server.peers.has(peer.id)}`));
  client.on('disconnect', (peer) => events.push(`client: ${client.peers.has(peer.id)}`));
  const ours = [1, 2, 3].map(() => failure<RpcError>(client.remote.ask({})));
  await until(() => server.peers.size === 1);
  const theirs = [1, 2, 3].map(() => failure<RpcError>(server.question(null, {})));
  await until(() => asked === 3);
  return { server, client, ours, theirs, events, peer: () => [...server.peers.values()][0] as Peer };
}

describe.each(['tcp://127.0.0.1:0', 'memory:ends'])(
  'when a link over %s ends, pending calls in both directions end',
  (url) => {
    type Busy = Awaited<ReturnType<typeof busy>>;
    it.each<[string, (all: Busy) => Promise<void>]>([
      ['when the client closes', ({ client }) => client.close()],
      ['when the server closes', ({ server }) => server.close()],
      ['when the server closes the peer', ({ peer }) => peer().close()],
      ['when the server closes the peer for a reason', ({ peer }) => peer().close(new Error('you are too loud'))],
      [
        'when both close at once',
        async ({ client, server }) => void (await Promise.all([client.close(), server.close()])),
      ],
    ])('%s', async (_how, end) => {
      const all = await busy(url);
      const { server, client, ours, theirs, events } = all;
      await end(all);
      for (const error of [...(await Promise.all(ours)), ...(await Promise.all(theirs))]) {
        expect(error).toBeInstanceOf(ConnectionLost);
        expect(error.code).toBe(Code.ConnectionLost);
      }
      await until(() => events.length === 2);
      expect([...events].sort()).toEqual(['client: false', 'server: false']);
      expect([server.peers.size, client.peers.size]).toEqual([0, 0]);
      expect(await failure(client.remote.ask({}))).toBeInstanceOf(ConnectionLost);
      expect(await failure(server.question(null, {}))).toBeInstanceOf(ConnectionLost);
      await Promise.all([server.close(), client.close()]);
      await Promise.all([server.close(), client.close()]);
    });
  },
);

it('the error names who closed the link, and why', async () => {
  const { server, client, ours, theirs, peer } = await busy('memory:why');
  await peer().close(new Error('you are too loud'));
  const error = (await theirs[0]) as RpcError;
  expect(error.message).toMatch(/^question: the link to .+ was closed on this side: you are too loud$/);
  expect((error.cause as Error).message).toBe('you are too loud');
  expect((await ours[0])?.message).toMatch('closed the link abruptly');
  await Promise.all([server.close(), client.close()]);
});

it('an error of this side remains the reason for which a link was closed', async () => {
  const { server, client, theirs, peer } = await busy('memory:why');
  const reason = new ProtocolError('that is not what we have agreed');
  await peer().close(reason);
  expect(await theirs[0]).toBe(reason);
  await Promise.all([server.close(), client.close()]);
});

it('a link that has ended leaves nothing behind', async () => {
  const played = new Played();
  const far = played.visit();
  const api = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', logger: null });
  const done: ((value: unknown) => void)[] = [];
  api.ask.connect(() => new Promise((resolve) => done.push(resolve)));
  const asked = failure(api.question(null, {}));
  far.say({ jsonrpc: '2.0', id: 1, method: 'ask' });
  await turn();
  const { sends } = far;
  const before = sends.length;
  const peer = api.peers.get('far') as Peer;
  far.receiver.closed();
  await asked;
  // Whatever arrives or is called now is ignored, and not reported either.
  far.say({ jsonrpc: '2.0', id: 1, result: 1 }, { jsonrpc: '2.0', id: 2, method: 'ask' }, '{');
  done[0]?.('late');
  far.receiver.drained();
  far.receiver.closed(new Error('a second time'));
  await peer.close();
  await peer.close(new Error('again'));
  await turn();
  expect(sends.length).toBe(before);
  expect(done.length).toBe(1);
  expect(api.peers.size).toBe(0);
});

it('a pending call rejects with the reason for which its link ended', async () => {
  const played = new Played();
  const far = played.visit();
  const api = await Spec.connect(played.maker, { codec: 'jrpc?hello=off' });
  const asked = failure<RpcError>(api.question(null, {}));
  const cause = new Error('read ECONNRESET');
  far.receiver.closed(cause);
  const message = 'question: the link to far ended: read ECONNRESET';
  expect(await asked).toMatchObject({ code: Code.ConnectionLost, message, cause });
});

it('listeners are called for each peer that connects and disconnects, once each, until they are removed', async () => {
  await using server = await Spec.serve('tcp://127.0.0.1:0');
  const events: string[] = [];
  const off = server.on('connect', (peer) => events.push(`+ ${server.peers.get(peer.id) === peer}`));
  server.on('disconnect', (peer) => events.push(`- ${server.peers.has(peer.id)}`));
  const client = await Spec.invert().connect(server.address);
  await until(() => events.length === 1);
  await client.close();
  await until(() => events.length === 2);
  off();
  await using _second = await Spec.invert().connect(server.address);
  await until(() => server.peers.size === 1);
  expect(events).toEqual(['+ true', '- false']);
  expect(() => server.on('error' as 'connect', () => {})).toThrow(
    'there is no event "error"; there are connect, disconnect, resumed, method.created, method.call, method.return, method.exception, ',
  );
  expect(() => server.on('connect', 5 as never)).toThrow(UsageError);
});

it('a listener for peers is called before the first message of the peer', async () => {
  await using server = await Spec.serve('memory:first');
  const order: string[] = [];
  server.on('connect', () => order.push('connect'));
  server.tell.connect(() => void order.push('tell'));
  await using client = await Spec.invert().connect('memory:first');
  client.tell(null, {});
  await until(() => order.length === 2);
  expect(order).toEqual(['connect', 'tell']);
});

it('a side closes at the end of its block', async () => {
  let address: string;
  {
    await using server = await Spec.serve('tcp://127.0.0.1:0');
    address = server.address;
  }
  expect(await failure(Spec.invert().connect(address))).toBeInstanceOf(ConnectionLost);
});

describe('open()', () => {
  /** A port that accepts connections and sends nothing; tcp has no handshake that would have to hang. */
  async function listening(): Promise<{ server: Server; url: string }> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { server, url: `tcp://127.0.0.1:${(server.address() as { port: number }).port}` };
  }

  it('rejects if the side is closed meanwhile, and leaves nothing open', async () => {
    const { server, url } = await listening();
    const visits: unknown[] = [];
    server.on('connection', (socket) => visits.push(socket.on('error', () => {}).resume()));
    const api = Spec.create({ transport: url });
    const opening = failure(api.open());
    await api.close();
    expect(await opening).toBeInstanceOf(ConnectionLost);
    expect(await failure(api.open())).toMatchObject({
      message: 'a side can be opened only once, and this one is closed: create another one',
    });
    await new Promise((resolve) => server.close(resolve));
  });

  it('rejects if the side is closed while its transport is being created', async () => {
    let closed = 0;
    let make: (() => void) | undefined;
    const api = Spec.create({
      transport: () =>
        new Promise((resolve) => {
          make = () =>
            resolve({
              address: 'x:',
              open: () => Promise.reject(new Error('was opened')),
              close: async () => void closed++,
            });
        }),
    });
    const opening = failure(api.open());
    await until(() => make !== undefined);
    await api.close();
    make?.();
    expect(await opening).toBeInstanceOf(ConnectionLost);
    expect(closed).toBe(1);
  });

  it('opens once', async () => {
    await using api = Spec.create({ transport: 'tcp-server://127.0.0.1:0' });
    const opening = api.open();
    expect(await failure(api.open())).toMatchObject({
      message: 'a side can be opened only once, and this one is opening: await the first open()',
    });
    expect(await opening).toBe(api);
    expect(await failure(api.open())).toBeInstanceOf(UsageError);
    expect(api.peers.size).toBe(0);
  });

  it('needs a transport', async () => {
    const api = Spec.create();
    expect((await failure(api.open())).message).toMatch('there is nothing to open: give the option "transport"');
    expect(() => api.address).toThrow('a side has an address once it is open');
  });

  it('reports a port that is in use', async () => {
    const { server, url } = await listening();
    const error = await failure(Spec.serve(url));
    expect(error.message).toMatch(url.slice('tcp://'.length));
    expect(error.message).toMatch(/in use|EADDRINUSE/);
    await new Promise((resolve) => server.close(resolve));
  });

  it('reports that nothing listens at the address', async () => {
    const { server, url } = await listening();
    await new Promise((resolve) => server.close(resolve));
    const error = await failure(Spec.connect(url));
    expect(error).toBeInstanceOf(ConnectionLost);
    expect(error.message).toMatch(url.slice('tcp://'.length));
  });

  it('sets the address to which peers connect', async () => {
    await using server = await Spec.serve('tcp://127.0.0.1:0');
    expect(server.address).toMatch(/^tcp:\/\/127\.0\.0\.1:[1-9]\d*$/);
  });
});
