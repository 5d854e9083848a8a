import net from 'node:net';
import { MessageChannel } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { incoming, type Peer, ProtocolError, RemoteAPI, type Reply, type Sender } from '../../src/index.js';
import { Played, turn } from '../support/core-played.js';
import { RawClient } from '../support/core-raw.js';
import { until } from '../support/core-waiting.js';
import { RawClient as RawWebSocket } from '../support/ws-raw.js';

class Spec extends RemoteAPI {
  /** What was passed to `onMessageError`, of every side in this file. */
  static told: unknown[] = [];

  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n: number }): Reply<number> {}
  @incoming tell(_sender: Sender, _args: { n: number }): void {}

  protected override onMessageError(_peer: Peer, error: unknown): void {
    Spec.told.push(error);
  }
}

/** A server that records what it receives, and the errors in it. */
async function serve(address: string, options: object = {}) {
  Spec.told = [];
  const side = await Spec.serve(address, { logger: null, ...options });
  const heard: number[] = [];
  const handler = (_sender: Sender, { n }: { n: number }) => {
    heard.push(n);
    return n;
  };
  side.ask.connect(handler);
  side.tell.connect(handler as never);
  return { side, heard, told: Spec.told, [Symbol.asyncDispose]: () => side.close() };
}
const ask = (n: number) => ({ jsonrpc: '2.0', id: n, method: 'ask', params: { n } });
const tell = (n: number) => ({ jsonrpc: '2.0', method: 'tell', params: { n } });
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

/** Sends bytes over bare TCP, and returns what was answered until the connection ended. */
async function attack(address: string, ...chunks: (string | Uint8Array)[]): Promise<Buffer> {
  const socket = net.connect(Number(new URL(address).port), '127.0.0.1');
  const answers: Buffer[] = [];
  socket.on('error', () => {}).on('data', (chunk: Buffer) => answers.push(chunk));
  const over = new Promise((resolve) => socket.on('close', resolve));
  for (const chunk of chunks) socket.write(chunk);
  await over;
  return Buffer.concat(answers);
}

/** The length of a frame before its bytes. */
function long(bytes: Uint8Array): Uint8Array {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(bytes.length);
  return Buffer.concat([size, bytes]);
}

describe('the eleventh invalid entry ends the link, however many one frame contains', () => {
  it.each<[string, string, string, string | Uint8Array]>([
    ['jrpc, 200 KB of [1,1,1,…]', '', 'jrpc', `[${'1,'.repeat(100_000)}1]\n`],
    ['jrpc, 200 KB of [{},{},{},…]', '', 'jrpc', `[${'{},'.repeat(70_000)}{}]\n`],
    ['jrpc, in frames with their lengths', '?framing=length', 'jrpc', long(Buffer.from(`[${'1,'.repeat(99_999)}1]`))],
    ['msgpack, 1 MB of the byte 1 in one frame', '?framing=length', 'msgpack', long(new Uint8Array(1e6).fill(1))],
    ['msgpack, 1 MB of the byte 1', '', 'msgpack', new Uint8Array(1e6).fill(1)],
    ['terse, 200 KB of lines', '', 'terse', '"\n'.repeat(100_000)],
    ['jrpc, 200 KB of lines', '', 'jrpc', '{\n'.repeat(100_000)],
  ])('%s', async (_name, options, codec, bytes) => {
    await using far = await serve(`tcp://127.0.0.1:0${options}`, { codec });
    await using honest = await Spec.invert().connect(far.side.address, { codec, logger: null });
    const attacked = attack(far.side.address, bytes);
    expect(await honest.remote.ask({ n: 7 })).toBe(7);
    const answers = (await attacked).toString();
    expect(far.told.length).toBeLessThanOrEqual(12);
    expect(far.told.at(-1)).toBeInstanceOf(ProtocolError);
    expect((far.told.at(-1) as Error).message).toMatch(
      /^11 messages (in a row|of one frame) could not be read; the last one: /,
    );
    expect(answers.split(/32600|32700/).length - 1).toBeLessThanOrEqual(11);
    expect(await honest.remote.ask({ n: 8 })).toBe(8);
    expect(far.side.peers.size).toBe(1);
  });

  it('jrpc over ws', async () => {
    await using far = await serve('ws://127.0.0.1:0', { codec: 'jrpc' });
    await using honest = await Spec.invert().connect(far.side.address, { logger: null });
    const client = await RawWebSocket.dial(far.side.address);
    client.frame(1, `[${'1,'.repeat(30_000)}1]`);
    expect(await honest.remote.ask({ n: 7 })).toBe(7);
    await client.until(() => client.closed);
    expect(far.told.length).toBe(12);
    expect(far.side.peers.size).toBe(1);
    client.socket.destroy();
  });

  it('clone over a port', async () => {
    const { port1, port2 } = new MessageChannel();
    Spec.told = [];
    await using side = await Spec.serve({ url: 'port:', port: port1 }, { codec: 'clone', logger: null });
    port2.on('message', () => {});
    port2.postMessage(['obverse:ready']);
    port2.postMessage(['obverse:values', Array(500_000).fill(1), 100]);
    await until(() => side.peers.size === 0);
    expect(Spec.told.length).toBe(12);
    port2.close();
  });

  it('also with valid entries between them', async () => {
    await using far = await serve('tcp://127.0.0.1:0');
    const client = await RawClient.connect(far.side.address);
    client.write(upTo(50).flatMap((n) => [1, tell(n)]));
    await client.ended();
    expect(far.heard).toEqual(upTo(10));
    expect((far.told.at(-1) as Error).message).toMatch(
      /^11 messages of one frame could not be read; the last one: Invalid Request: each message of a batch is an object: "\[1,/,
    );
  });

  it('also with more than a turn of valid entries before them', async () => {
    await using far = await serve('tcp://127.0.0.1:0');
    const client = await RawClient.connect(far.side.address);
    client.write([...upTo(5_000).map(tell), ...Array(100_000).fill(1)]);
    await client.ended();
    expect(far.heard).toEqual(upTo(5_000));
    expect(far.told.length).toBe(12);
  });
});

describe('ten invalid entries', () => {
  it('are answered in their batch, with the many valid ones around them', async () => {
    await using far = await serve('tcp://127.0.0.1:0');
    using client = await RawClient.connect(far.side.address);
    client.write(upTo(3_000).map((n) => (n % 300 === 0 ? n : ask(n))));
    const [answers] = (await client.answers(1)) as [{ id: number | null; result?: number; error?: object }[]];
    expect(answers.length).toBe(3_000);
    expect(answers.filter(({ error }) => error !== undefined).length).toBe(10);
    const good = upTo(3_000).filter((n) => n % 300 !== 0);
    expect(answers.filter(({ id }) => id !== null).map(({ id }) => id)).toEqual(good);
    expect(far.told.length).toBe(10);
    client.write(ask(9));
    await client.answers(2);
  });

  it('in each of two frames count as twenty in a row', async () => {
    await using far = await serve('tcp://127.0.0.1:0');
    const client = await RawClient.connect(far.side.address);
    client.write(Array(10).fill(1));
    await client.answers(1);
    client.write(Array(10).fill(1));
    await client.ended();
    expect((far.told.at(-1) as Error).message).toMatch(
      /^11 messages in a row could not be read; the last one: Invalid Request: each message of a batch is an object: "\[1,/,
    );
  });

  it('in each of many frames do not end the link if valid ones come between', async () => {
    await using far = await serve('tcp://127.0.0.1:0');
    using client = await RawClient.connect(far.side.address);
    for (let round = 0; round < 5; round++) client.write(Array(10).fill(1), ask(round));
    await client.answers(10);
    expect(far.side.peers.size).toBe(1);
  });

  it('at the start of a frame: on a bus the rest of it is dropped, and the next frame is read', async () => {
    Spec.told = [];
    const played = new Played();
    const far = played.visit('far', { bus: true });
    await using side = await Spec.connect(played.maker, { logger: null });
    const heard: number[] = [];
    side.tell.connect((_sender, { n }) => void heard.push(n));
    await turn();
    far.say([tell(1), ...Array(10).fill(1), tell(2), 1, tell(3), ...Array(1_000).fill(1)], tell(4));
    expect(heard).toEqual([1, 2, 4]);
    expect(Spec.told.length).toBe(11);
    expect(far.closes).toEqual([]);
  });

  it('at the start of a batch: on a bus, calls that started before the rest was dropped are answered', async () => {
    Spec.told = [];
    const played = new Played();
    const far = played.visit('far', { bus: true });
    await using side = await Spec.connect(played.maker, { logger: null });
    side.ask.connect((_sender, { n }) => n);
    await turn();
    far.say([ask(1), ...Array(11).fill(1), ask(2), tell(3), ...Array(1_000).fill(1), ask(4)]);
    await until(() => far.heard.length > 0);
    const [answers] = far.heard as unknown as [{ id: number | null; result?: number; error?: { code: number } }[]];
    expect(answers[0]).toEqual({ jsonrpc: '2.0', id: 1, result: 1 });
    expect(answers.slice(1).map(({ error }) => error?.code)).toEqual(Array(11).fill(-32600));
  });

  it('can be fewer with the limit badFrames', async () => {
    await using far = await serve('tcp://127.0.0.1:0', { limits: { badFrames: 2 } });
    const client = await RawClient.connect(far.side.address);
    client.write([1, tell(1), 1, tell(2), 1, tell(3)]);
    await client.ended();
    expect(far.heard).toEqual([1, 2]);
  });
});
