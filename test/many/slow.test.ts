import { createConnection, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { endpointOf } from '../../src/api/side-class.js';
import { isSlow } from '../../src/extensions/multicast/slow-lanes.js';
import { Code, type GroupOptions, type Peer, type RpcError, UsageError } from '../../src/index.js';
import type { ConnectedPeer } from '../../src/session/connected-peer.js';
import { Played, turn } from '../support/core-played.js';
import { failure, Log, until } from '../support/core-waiting.js';
import { Spec } from './spec.js';

const text = 'x'.repeat(10_000);

/** A server with a client that reads and one that reads only when the test lets it; both are in the group `ticks`. */
async function pair(options: object = {}) {
  const log = new Log();
  const server = await Spec.serve('tcp://127.0.0.1:0', { codec: 'jrpc?hello=off', logger: log, ...options });
  const healthy: number[] = [];
  const client = await Spec.invert().connect(server.address, { codec: 'jrpc?hello=off', logger: null });
  client.implement({ tick: (_server, { n }) => void healthy.push(n as number), ask: () => 'healthy' });
  await until(() => server.peers.size === 1);
  const [friend] = server.peers.values();
  const socket = createConnection(Number(new URL(server.address).port), '127.0.0.1').on('error', () => {});
  socket.pause();
  await until(() => server.peers.size === 2);
  const peer = [...server.peers.values()][1] as Peer;
  server.group('ticks').add(friend as Peer, peer);
  const { link } = (peer as unknown as { session: { link: { buffered: number } } }).session;
  const close = async () => {
    socket.destroy();
    await client.close();
    await server.close();
  };
  return { server, healthy, socket, link, peer, log, [Symbol.asyncDispose]: close };
}

/** What a socket reads from now on, message by message. */
// biome-ignore lint/suspicious/noExplicitAny: decoded messages
function reading(socket: Socket): any[] {
  // biome-ignore lint/suspicious/noExplicitAny: decoded messages
  const messages: any[] = [];
  let rest = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() as string;
    messages.push(...lines.map((line) => JSON.parse(line)));
  });
  return messages;
}

/** Sends numbers to the group until the slow client no longer accepts them, and then this many more. */
async function flood(far: Awaited<ReturnType<typeof pair>>, options: GroupOptions, more: number): Promise<number> {
  const { server, healthy, link } = far;
  const { slowBytes = 65_536 } = options;
  let n = 0;
  const tick = async () => {
    server.tick(server.group('ticks', options), { n, text });
    n++;
    await until(() => healthy.length === n);
  };
  while (link.buffered <= slowBytes) await tick();
  const from = n;
  while (n < from + more) await tick();
  return n;
}

describe('a slow receiver of a group', () => {
  it('receives the newest with drop-oldest, in order; memory is bounded and the others receive everything', async () => {
    await using far = await pair();
    const { server, healthy, socket, link } = far;
    const options = { slow: 'drop-oldest', keep: 20 } as const;
    const sent = await flood(far, options, 500);
    expect(healthy).toEqual(Array.from({ length: sent }, (_, n) => n));
    // What waits for it: no more than the limit and one frame, and what is kept.
    expect(link.buffered).toBeLessThan(65_536 + 2 * 10_100);
    expect(server.group('ticks').dropped).toBe(480);
    const messages = reading(socket);
    socket.resume();
    await until(() => messages.at(-1)?.params.n === sent - 1);
    const seen: number[] = messages.map(({ params }) => params.n);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen).toHaveLength(sent - 480);
    expect(seen.slice(-20)).toEqual(Array.from({ length: 20 }, (_, n) => sent - 20 + n));
    // It has caught up: nothing is kept any more.
    server.tick(server.group('ticks', options), { n: 'now' });
    await until(() => messages.at(-1)?.params.n === 'now');
    expect(server.group('ticks').dropped).toBe(480);
  });

  it('receives the oldest with drop-newest', async () => {
    await using far = await pair();
    const { server, socket } = far;
    const sent = await flood(far, { slow: 'drop-newest', keep: 20 }, 500);
    expect(server.group('ticks').dropped).toBe(480);
    const messages = reading(socket);
    socket.resume();
    await until(() => messages.length === sent - 480);
    expect(messages.map(({ params }) => params.n)).toEqual(Array.from({ length: sent - 480 }, (_, n) => n));
    await turn();
    expect(messages).toHaveLength(sent - 480);
  });

  it('is disconnected with close, and the others are not', async () => {
    await using far = await pair();
    const { server, healthy, peer, log } = far;
    const lost: Peer[] = [];
    server.on('disconnect', (one) => lost.push(one));
    const asked = failure<RpcError>(server.ask(peer, {}));
    const sent = await flood(far, { slow: 'close', keep: 20 }, 30);
    expect(await asked).toMatchObject({
      code: Code.Busy,
      message: `${peer.id} does not read, and 21 notifications of the group "ticks" wait for it`,
    });
    expect(lost).toEqual([peer]);
    expect(healthy).toHaveLength(sent);
    expect(server.group('ticks').size).toBe(1);
    expect(log.texts.some((line) => line.includes('does not read'))).toBe(true);
  });

  it('is waited for by default', async () => {
    await using far = await pair();
    const { server, socket } = far;
    const sent = await flood(far, {}, 300);
    expect(server.group('ticks').dropped).toBe(0);
    const messages = reading(socket);
    socket.resume();
    await until(() => messages.length === sent);
    expect(messages.map(({ params }) => params.n)).toEqual(Array.from({ length: sent }, (_, n) => n));
  });

  it('still receives requests and answers: only notifications are kept or dropped', async () => {
    await using far = await pair();
    const { server, socket, peer } = far;
    server.enter.connect(() => 1);
    const sent = await flood(far, { slow: 'drop-oldest', keep: 5 }, 50);
    socket.write('{"jsonrpc":"2.0","id":"mine","method":"enter","params":{"room":"a"}}\n');
    const asked = server.ask(peer, { n: 'question' });
    server.tick(peer, { n: 'plain' });
    const messages = reading(socket);
    socket.resume();
    await until(
      () => messages.some(({ params }) => params?.n === sent - 1) && messages.some(({ id }) => id === 'mine'),
    );
    const { id } = messages.find(({ method }) => method === 'ask');
    socket.write(`{"jsonrpc":"2.0","id":${id},"result":"well"}\n`);
    expect(await asked).toBe('well');
    const position = (n: unknown) => messages.findIndex(({ params }) => params?.n === n);
    // They overtake kept notifications.
    expect(position('question')).toBeLessThan(position(sent - 5));
    expect(position('plain')).toBeLessThan(position(sent - 5));
    expect(position('plain')).toBeGreaterThan(position('question'));
  });

  it('of a view is handled as its options specify', async () => {
    await using far = await pair();
    const { server, socket, peer, link } = far;
    const view = server.to(peer, { slow: 'drop-oldest', keep: 3, slowBytes: 100_000 });
    let n = 0;
    while (link.buffered <= 100_000) {
      view.tick({ n: n++, text });
      await turn();
    }
    for (let more = 0; more < 100; more++) view.tick({ n: n++, text });
    const messages = reading(socket);
    socket.resume();
    await until(() => messages.at(-1)?.params.n === n - 1);
    expect(messages).toHaveLength(n - 97);
    expect(() => server.to(null, { keep: 3 })).toThrow(UsageError);
    expect(() => server.to(null, { slow: 'never' as never })).toThrow('the option "slow" of a call must be');
  });

  it('receives the kept notifications when the link is closed cleanly', async () => {
    await using far = await pair();
    const { socket, peer } = far;
    const sent = await flood(far, { slow: 'drop-oldest', keep: 20 }, 100);
    const messages = reading(socket);
    const closed = peer.close();
    socket.resume();
    await closed;
    await until(() => messages.at(-1)?.params.n === sent - 1);
    expect(messages).toHaveLength(sent - 80);
  });
});

describe('kept notifications', () => {
  async function played(options: object = {}) {
    const transport = new Played();
    const far = transport.visit('far');
    const near = transport.visit('near');
    const api = await Spec.connect(transport.maker, { codec: 'jrpc?hello=off', logger: null, ...options });
    await turn();
    const { session } = endpointOf(api).peerRegistry.peers.get('far') as ConnectedPeer;
    const heard = () => far.heard.map(({ params }) => params.n);
    return { api, far, near, session, heard };
  }

  it('are sent when the link has drained, as many as it accepts', async () => {
    const { api, far, session, heard } = await played();
    api.group('a').add('far');
    far.buffered = 70_000;
    const group = api.group('a', { slow: 'drop-oldest', keep: 10 });
    for (let n = 0; n < 12; n++) api.tick(group, { n, text: 'x'.repeat(30_000) });
    await turn();
    expect(heard()).toEqual([]);
    // The link accepts what it is sent, until it has 90,000 bytes.
    far.buffered = 0;
    far.send = (frames) => {
      far.sends.push([...frames]);
      for (const frame of frames) far.buffered += frame.length;
    };
    far.receiver.drained();
    await turn();
    expect(heard()).toEqual([2, 3, 4]);
    far.buffered = 0;
    far.receiver.drained();
    far.buffered = 0;
    far.receiver.drained();
    far.buffered = 0;
    far.receiver.drained();
    await turn();
    expect(heard()).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(isSlow(session)).toBe(false);
    expect(api.group('a').dropped).toBe(2);
  });

  it('are sent also if the link does not report that it has drained', async () => {
    const { api, far, heard } = await played();
    far.buffered = 70_000;
    const view = api.to('far', { slow: 'drop-oldest', keep: 1 });
    view.tick({ n: 1 });
    view.tick({ n: 2 });
    far.buffered = 0;
    await until(() => far.heard.length > 0);
    expect(heard()).toEqual([2]);
  });

  it('of several groups have a queue for each group, with a limit of its own, and take turns', async () => {
    const { api, far, near, heard } = await played();
    for (const name of ['a', 'b']) api.group(name).add('far', 'near');
    const a = api.group('a', { slow: 'drop-oldest', keep: 2 });
    const b = api.group('b', { slow: 'drop-newest', keep: 2 });
    far.buffered = 70_000;
    for (let n = 0; n < 5; n++) {
      api.tick(a, { n: `a${n}` });
      api.tick(b, { n: `b${n}` });
    }
    far.buffered = 0;
    far.receiver.drained();
    await turn();
    expect(heard()).toEqual(['a3', 'b0', 'a4', 'b1']);
    expect([a.dropped, b.dropped]).toEqual([3, 3]);
    expect(near.heard).toHaveLength(10);
  });

  it('may be none, one, or as many bytes as the side may buffer', async () => {
    const { api, far, session, heard } = await played({ limits: { bufferedBytes: 100_000 } });
    far.buffered = 70_000;
    const group = (options: GroupOptions) => api.group('a', options).add('far');
    api.tick(group({ slow: 'drop-oldest', keep: 0 }), { n: 0 });
    api.tick(group({ slow: 'drop-newest', keep: 0 }), { n: 1 });
    expect(group({}).dropped).toBe(2);
    for (let n = 2; n < 5; n++) api.tick(group({ slow: 'drop-oldest', keep: 1 }), { n });
    expect(group({}).dropped).toBe(4);
    for (let n = 5; n < 10; n++) api.tick(group({ slow: 'drop-oldest', keep: 100 }), { n, text: 'x'.repeat(30_000) });
    expect(group({}).dropped).toBe(7);
    far.buffered = 0;
    far.receiver.drained();
    await turn();
    expect(heard()).toEqual([7, 8, 9]);
    expect(isSlow(session)).toBe(false);
  });

  it('make room when they are sent', async () => {
    const { api, far, heard } = await played({ limits: { bufferedBytes: 100_000 } });
    far.send = (frames) => {
      far.sends.push([...frames]);
      for (const frame of frames) far.buffered += frame.length;
    };
    const group = api.group('a', { slow: 'drop-newest', keep: 100 }).add('far');
    const text = 'x'.repeat(30_000);
    far.buffered = 70_000;
    for (let n = 0; n < 3; n++) api.tick(group, { n, text });
    far.buffered = 50_000;
    far.receiver.drained();
    await turn();
    expect(heard()).toEqual([0]);
    for (let n = 3; n < 6; n++) api.tick(group, { n, text });
    expect(group.dropped).toBe(2);
    far.buffered = 0;
    far.receiver.drained();
    await turn();
    expect(heard()).toEqual([0, 1, 2, 3]);
  });

  it('follow the options of the call before those of the group', async () => {
    const { api, far } = await played();
    const group = api.group('a', { slow: 'close', keep: 0 }).add('far');
    far.buffered = 70_000;
    api.to(group, { slow: 'wait' }).tick({ n: 1 });
    api.to(group.except('near'), { slow: 'drop-newest', keep: 0 }).tick({ n: 2 });
    expect([api.peers.size, group.dropped]).toEqual([2, 1]);
    api.tick(group, { n: 3 });
    expect(far.closes).toHaveLength(1);
  });

  it('are not kept for a peer that disconnects during the loop', async () => {
    const { api, far, near, session } = await played();
    const group = api.group('a', { slow: 'drop-oldest' }).add('near', 'far');
    far.buffered = 70_000;
    near.send = () => far.receiver.closed(new Error('gone'));
    // With another frame of the turn before it, a large frame is sent at once.
    api.tick('near', { n: 0 });
    api.tick(group, { n: 1, text: 'x'.repeat(100_000) });
    expect(isSlow(session)).toBe(false);
    expect(group.size).toBe(1);
  });

  it('are dropped with the link', async () => {
    const { api, far, session } = await played();
    far.buffered = 70_000;
    api.to('far', { slow: 'drop-oldest' }).tick({ n: 1 });
    expect(isSlow(session)).toBe(true);
    far.receiver.closed(new Error('gone'));
    expect(isSlow(session)).toBe(false);
    await turn();
    expect(far.heard).toEqual([]);
  });
});
