import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender } from '../../src/index.js';
import { Played, turn } from '../support/core-played.js';
import { failure, Log } from '../support/core-waiting.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n?: number }): Reply<unknown> {}
  @incoming tell(_sender: Sender, _args: object): void {}
  @outgoing({ hasReply: true }) question(_to: Receivers, _args: object): Reply<unknown> {}
  @outgoing news(_to: Receivers, _args: { n?: number; text?: string }): void {}
}

async function side(options: object = {}, traits: object = {}) {
  const played = new Played();
  const far = played.visit('far', traits);
  const api = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', logger: new Log(), ...options });
  await turn();
  return { api, played, far };
}

it('the calls of one turn are sent in one write, in order', async () => {
  const { api, far } = await side();
  for (let n = 0; n < 50; n++) {
    if (n % 2) api.news(null, { n });
    else void failure(api.question(null, { n }));
  }
  expect(far.sends).toEqual([]);
  await turn();
  expect(far.sends.length).toBe(1);
  expect(far.heard.map(({ params }) => params.n)).toEqual(Array.from({ length: 50 }, (_, n) => n));
  await api.close();
});

it('the first byte is sent in the turn in which the call was made', async () => {
  const { api, far } = await side();
  const order: string[] = [];
  const sent = new Promise<void>((resolve) => {
    const { send } = far;
    far.send = (frames) => {
      order.push('sent');
      send.call(far, frames);
      resolve();
    };
  });
  setImmediate(() => order.push('the next turn'));
  setTimeout(() => order.push('a timer'), 0);
  api.news(null, { n: 1 });
  queueMicrotask(() => {
    order.push('a microtask');
    // It belongs to the same turn, as does what a handler does after a short await.
    api.news(null, { n: 2 });
  });
  await sent;
  await turn();
  expect(order.slice(0, 2)).toEqual(['a microtask', 'sent']);
  expect(far.sends.map((frames) => frames.length)).toEqual([2]);
});

it('the calls of one chunk are answered in one write, also with handlers that await something short', async () => {
  const { api, far } = await side();
  api.ask.connect(async (_sender, { n }) => {
    await undefined;
    return n;
  });
  // Fewer than those after which a side looks at the clock, and continues in the next turn if the machine was slow.
  for (let n = 0; n < 15; n++) far.say({ jsonrpc: '2.0', id: n, method: 'ask', params: { n } });
  await turn();
  expect(far.sends.map((frames) => frames.length)).toEqual([15]);
});

it('no more than tickBytes is collected', async () => {
  const { api, far } = await side({ limits: { tickBytes: 1_000 } });
  for (let n = 0; n < 10; n++) api.news(null, { n, text: 'x'.repeat(400) });
  expect(far.sends.map((frames) => frames.length)).toEqual([3, 3, 3]);
  await turn();
  expect(far.sends.map((frames) => frames.length)).toEqual([3, 3, 3, 1]);
  expect(far.heard.map(({ params }) => params.n)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

it('nothing is sent before accept has returned, whatever a listener for peers does', async () => {
  const played = new Played();
  const api = Spec.create({ transport: played.maker, codec: 'jrpc?hello=off', limits: { tickBytes: 100 } });
  api.on('connect', (peer) => {
    for (let n = 0; n < 5; n++) api.news(peer, { n, text: 'x'.repeat(100) });
  });
  await api.open();
  // A link that is used too early throws.
  const far = played.visit();
  await turn();
  expect(far.heard.map(({ params }) => params.n)).toEqual([0, 1, 2, 3, 4]);
});

it('a listener can close a peer that has just connected', async () => {
  await using server = await Spec.serve('tcp://127.0.0.1:0', { logger: null });
  server.on('connect', (peer) => {
    server.news(peer, { text: 'we are full' });
    void peer.close();
  });
  const heard: unknown[] = [];
  const client = Spec.create({ invert: true, transport: server.address });
  client.news.connect((_sender, args) => void heard.push(args));
  const gone = new Promise((resolve) => client.on('disconnect', resolve));
  await client.open();
  await gone;
  expect(heard).toEqual([{ text: 'we are full' }]);
  expect(server.peers.size).toBe(0);
});

it('calls in the turn in which the side is closed are still sent', async () => {
  for (const url of ['tcp://127.0.0.1:0', 'memory:closing']) {
    await using server = await Spec.serve(url);
    const heard: unknown[] = [];
    const gone = new Promise((resolve) => server.on('disconnect', resolve));
    server.tell.connect((_sender, args) => void heard.push(args));
    const client = await Spec.invert().connect(server.address);
    for (let n = 0; n < 3; n++) client.tell(null, { n });
    await client.close();
    await gone;
    expect(heard).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
  }
});

it('a link that throws affects no other peer', async () => {
  const { api, played, far } = await side();
  const broken = played.visit('broken');
  await turn();
  broken.send = () => {
    throw new Error('a link never throws');
  };
  const last = played.visit('last');
  api.news(null, { n: 1 });
  await turn();
  api.news(null, { n: 2 });
  await turn();
  expect([far.heard.length, last.heard.length]).toEqual([2, 2]);
  expect([...api.peers.keys()]).toEqual(['far', 'last']);
});

it('frames of a turn are joined only for a peer that has announced it, on a link that carries packets', async () => {
  const kinds = [{ packets: true, agreed: true }, { packets: true }, { agreed: true }, {}];
  const sends = [];
  for (const traits of kinds) {
    const { api, far } = await side({ codec: 'jrpc' }, traits);
    for (let n = 0; n < 3; n++) api.news(null, { n });
    await turn();
    // Beside the hello of a link that has announced it.
    const news = far.heard.flat().filter(({ method }) => method === 'news');
    expect(news.map(({ params }) => params.n)).toEqual([0, 1, 2]);
    sends.push(far.sends.at(-1)?.length);
  }
  expect(sends).toEqual([1, 3, 3, 3]);
});

it('a turn is one write to the system', async () => {
  const chunks: string[] = [];
  const server = createServer((socket) => socket.on('data', (chunk) => chunks.push(String(chunk))));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const client = await Spec.connect(`tcp://127.0.0.1:${port}`, { codec: 'jrpc?hello=off' });
  for (let n = 0; n < 100; n++) client.news(null, { n });
  await client.close();
  await new Promise((resolve) => server.close(resolve));
  expect(chunks.length).toBe(1);
  expect(chunks[0]?.split('\n').length).toBe(101);
});
