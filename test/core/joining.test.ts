import dgram from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import {
  Code,
  incoming,
  type Options,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type RpcError,
  type Sender,
} from '../../src/index.js';
import { Played, type PlayedLink, turn } from '../support/core-played.js';
import { failure, Log, until } from '../support/core-waiting.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { size?: number }): Reply<unknown> {}
  @outgoing({ hasReply: true }) question(_to: Receivers, _args: object): Reply<unknown> {}
  @outgoing news(_to: Receivers, _args: { text: string }): void {}
}
const call = (id: number, size = 0) => ({ jsonrpc: '2.0', id, method: 'ask', params: { size } });

async function side(
  traits: object,
  options: Options = {},
  answer = (_sender: Sender, { size = 0 }: { size?: number }): unknown => 'ä'.repeat(size / 2),
) {
  const played = new Played();
  const far = played.visit('far', traits);
  const log = new Log();
  const api = await Spec.connect(played.maker, { logger: log, ...options });
  api.ask.connect(async (sender, args) => answer(sender, args));
  await turn();
  return { api, far, log };
}
const sizes = (far: PlayedLink) => far.sends.flat().map((frame) => Buffer.byteLength(frame as string));
const messages = (far: PlayedLink) => far.heard.flat();

describe('joining', () => {
  it('keeps the messages of a turn within the largest frame of the link', async () => {
    const { api, far } = await side({ packets: true, agreed: true, maxFrame: 1_000 });
    far.sends.length = 0;
    for (let n = 0; n < 20; n++) api.news(null, { text: 'ä'.repeat(100) });
    await turn();
    expect(messages(far).length).toBe(20);
    expect(far.sends.flat().length).toBeLessThan(20);
    expect(Math.max(...sizes(far))).toBeLessThanOrEqual(1_000);
  });

  it('lets a large message travel alone, in its place among the others', async () => {
    const { api, far } = await side({ packets: true, agreed: true }, { limits: { tickBytes: 1_000_000 } });
    far.sends.length = 0;
    const lengths = [1, 2, 10_000, 3, 4, 5, 20_000, 10_000, 6];
    for (const length of lengths) api.news(null, { text: 'x'.repeat(length) });
    await turn();
    expect(messages(far).map(({ params }) => params.text.length)).toEqual(lengths);
    const joined = far.heard.map((frame) => (Array.isArray(frame) ? frame.length : 'alone'));
    expect(joined).toEqual([2, 'alone', 3, 'alone', 'alone', 'alone']);
  });

  it('reads the largest frame of the link each time', async () => {
    const { api, far } = await side({ packets: true, agreed: true, maxFrame: 10_000 });
    Object.assign(far, { maxFrame: 500 });
    far.sends.length = 0;
    for (let n = 0; n < 20; n++) api.news(null, { text: 'x'.repeat(100) });
    await turn();
    expect(messages(far).length).toBe(20);
    expect(Math.max(...sizes(far))).toBeLessThanOrEqual(500);
  });

  it('keeps the messages of a turn within the bound on frames, so that the peer does not cut the link', async () => {
    const limits = { frameBytes: 1024 * 1024 };
    await using server = Spec.create({ transport: 'ws-server://127.0.0.1:0', logger: null, limits });
    server.on('connect', (peer) => {
      for (let n = 0; n < 4; n++) server.news(peer, { text: 'x'.repeat(600 * 1024) });
    });
    await server.open();
    await using client = Spec.invert().create({ transport: server.address, logger: null, limits });
    const heard: number[] = [];
    client.news.connect((_sender, { text }) => void heard.push(text.length));
    await client.open();
    await until(() => heard.length === 4 || client.peers.size === 0);
    expect(heard).toEqual(Array(4).fill(600 * 1024));
  });

  it('lets the answers of a batch leave in several where one frame cannot hold them', async () => {
    const { far } = await side({ maxFrame: 1_000, bus: true });
    far.say(Array.from({ length: 6 }, (_, id) => call(id, 400)));
    await turn();
    expect(messages(far).map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(far.heard.every(Array.isArray)).toBe(true);
    expect(Math.max(...sizes(far))).toBeLessThanOrEqual(1_000);
  });

  it('sends an answer that fills a frame by itself without the brackets of a batch', async () => {
    const { far } = await side({ maxFrame: 1_000, bus: true });
    const most = 1_000 - Buffer.byteLength(JSON.stringify({ jsonrpc: '2.0', result: '', id: 1 }));
    far.say([call(1, most - (most % 2)), call(2)]);
    await turn();
    expect(messages(far).map(({ id, error }) => [id, error?.code])).toEqual([
      [1, undefined],
      [2, undefined],
    ]);
    expect(Math.max(...sizes(far))).toBeLessThanOrEqual(1_000);
  });

  it('refuses a call on a bus that is too large with what is said of it, and this call alone', async () => {
    const { api, far } = await side({ bus: true, maxFrame: 1_000 });
    const said = { timeout: 5_000, metadata: { note: 'x'.repeat(600) } };
    const asked = failure<RpcError>(api.with(said).question(null, { text: 'x'.repeat(600) }));
    expect((await asked).code).toBe(Code.TooLarge);
    await turn();
    expect(far.sends).toEqual([]);
  });

  it('answers a call on a bus by a fault if its answer is too large with what is said of it', async () => {
    const { far } = await side({ bus: true, maxFrame: 1_000 }, {}, (sender) => {
      sender.replyMetadata = { note: 'x'.repeat(600) };
      return 'x'.repeat(600);
    });
    far.say(call(1));
    await turn();
    expect(messages(far)).toMatchObject([{ id: 1, error: { code: Code.TooLarge } }]);
  });

  it('keeps a notification on a bus with what is said of it, also when it goes to several', async () => {
    const { api, far } = await side({ bus: true, maxFrame: 1_000 });
    const said = api.with({ metadata: { note: 'x' } });
    said.news(null, { text: 'one' });
    said.news([...api.peers.values()], { text: 'two' });
    await turn();
    expect(far.heard.map((frame) => (frame as { method: string }[]).map(({ method }) => method))).toEqual([
      ['rpc.about', 'news'],
      ['rpc.about', 'news'],
    ]);
  });

  it('refuses a call on a bus whose header of the security takes it above the largest frame', async () => {
    const security = { seal: () => ({ info: { signature: 's'.repeat(600) } }), open: (payload: never) => payload };
    const { api, far } = await side({ bus: true, maxFrame: 1_000 }, { security: security as never });
    expect((await failure<RpcError>(api.question(null, { text: 'x'.repeat(600) }))).code).toBe(Code.TooLarge);
    await turn();
    expect(far.sends).toEqual([]);
  });
});

it('lets the answers of a batch over UDP arrive, each in a datagram that fits', async () => {
  await using server = await Spec.serve('udp://127.0.0.1:0?forget=60000', { logger: null });
  server.ask.connect(async (_sender, { size = 0 }) => 'x'.repeat(size));
  const socket = dgram.createSocket('udp4');
  const heard: { id: number }[] = [];
  socket.on('message', (data) => heard.push(...[JSON.parse(String(data)) as never].flat()));
  // As large as its answers, so that nothing is held back for an address that may be forged.
  const batch = [1, 2].map((id) => ({ ...call(id, 40_000), params: { size: 40_000, pad: 'p'.repeat(20_000) } }));
  const { port } = new URL(server.address.replace('udp:', 'http:'));
  socket.send(JSON.stringify(batch), Number(port), '127.0.0.1');
  while (heard.length < 2) await once(socket, 'message');
  expect(heard.map(({ id }) => id).sort()).toEqual([1, 2]);
  socket.close();
});
