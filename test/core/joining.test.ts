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

describe('joined messages', () => {
  it('of a turn are no larger than the largest frame of the link', async () => {
    const { api, far } = await side({ packets: true, agreed: true, maxFrame: 1_000 });
    far.sends.length = 0;
    for (let n = 0; n < 20; n++) api.news(null, { text: 'ä'.repeat(100) });
    await turn();
    expect(messages(far).length).toBe(20);
    expect(far.sends.flat().length).toBeLessThan(20);
    expect(Math.max(...sizes(far))).toBeLessThanOrEqual(1_000);
  });

  it('do not include a large message, which is sent alone and in order', async () => {
    const { api, far } = await side({ packets: true, agreed: true }, { limits: { tickBytes: 1_000_000 } });
    far.sends.length = 0;
    const lengths = [1, 2, 10_000, 3, 4, 5, 20_000, 10_000, 6];
    for (const length of lengths) api.news(null, { text: 'x'.repeat(length) });
    await turn();
    expect(messages(far).map(({ params }) => params.text.length)).toEqual(lengths);
    const joined = far.heard.map((frame) => (Array.isArray(frame) ? frame.length : 'alone'));
    expect(joined).toEqual([2, 'alone', 3, 'alone', 'alone', 'alone']);
  });

  it('follow the largest frame of the link as it changes', async () => {
    const { api, far } = await side({ packets: true, agreed: true, maxFrame: 10_000 });
    Object.assign(far, { maxFrame: 500 });
    far.sends.length = 0;
    for (let n = 0; n < 20; n++) api.news(null, { text: 'x'.repeat(100) });
    await turn();
    expect(messages(far).length).toBe(20);
    expect(Math.max(...sizes(far))).toBeLessThanOrEqual(500);
  });

  it('of a turn are no larger than the limit on frames of the peer', async () => {
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

  it('of a batch are several frames if one cannot contain all the answers', async () => {
    const { far } = await side({ maxFrame: 1_000, bus: true });
    far.say(Array.from({ length: 6 }, (_, id) => call(id, 400)));
    await turn();
    expect(messages(far).map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(far.heard.every(Array.isArray)).toBe(true);
    expect(Math.max(...sizes(far))).toBeLessThanOrEqual(1_000);
  });

  it('of a batch do not include an answer that fills a frame, which is sent without brackets', async () => {
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

  it('on a bus are refused if a call is too large with its headers; only this call fails', async () => {
    const { api, far } = await side({ bus: true, maxFrame: 1_000 });
    const said = { timeout: 5_000, metadata: { note: 'x'.repeat(600) } };
    const asked = failure<RpcError>(api.with(said).question(null, { text: 'x'.repeat(600) }));
    expect((await asked).code).toBe(Code.TooLarge);
    await turn();
    expect(far.sends).toEqual([]);
  });

  it('on a bus have an error instead of an answer that is too large with its headers', async () => {
    const { far } = await side({ bus: true, maxFrame: 1_000 }, {}, (sender) => {
      sender.replyMetadata = { note: 'x'.repeat(600) };
      return 'x'.repeat(600);
    });
    far.say(call(1));
    await turn();
    expect(messages(far)).toMatchObject([{ id: 1, error: { code: Code.TooLarge } }]);
  });

  it('on a bus keep a notification and its headers together, also if it goes to several peers', async () => {
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

  it('on a bus are refused if the header of the security exceeds the largest frame', async () => {
    const security = { seal: () => ({ info: { signature: 's'.repeat(600) } }), open: (payload: never) => payload };
    const { api, far } = await side({ bus: true, maxFrame: 1_000 }, { security: security as never });
    expect((await failure<RpcError>(api.question(null, { text: 'x'.repeat(600) }))).code).toBe(Code.TooLarge);
    await turn();
    expect(far.sends).toEqual([]);
  });
});

it('of a batch over UDP arrive, each in a datagram that is large enough', async () => {
  await using server = await Spec.serve('udp://127.0.0.1:0?forget=60000', { logger: null });
  server.ask.connect(async (_sender, { size = 0 }) => 'x'.repeat(size));
  const socket = dgram.createSocket('udp4');
  const heard: { id: number }[] = [];
  socket.on('message', (data) => heard.push(...[JSON.parse(String(data)) as never].flat()));
  // As large as its answers, so that nothing is withheld from an address that may be forged.
  const batch = [1, 2].map((id) => ({ ...call(id, 40_000), params: { size: 40_000, pad: 'p'.repeat(20_000) } }));
  const { port } = new URL(server.address.replace('udp:', 'http:'));
  socket.send(JSON.stringify(batch), Number(port), '127.0.0.1');
  while (heard.length < 2) await once(socket, 'message');
  expect(heard.map(({ id }) => id).sort()).toEqual([1, 2]);
  socket.close();
});
