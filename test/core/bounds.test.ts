import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/contract/limits.js';
import {
  Code,
  ConnectionLost,
  incoming,
  type Limits,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type RpcError,
  type Sender,
  type Stream,
} from '../../src/index.js';
import { stopClock } from '../../src/testing/index.js';
import { Played, type PlayedLink, turn } from '../support/core-played.js';
import { RawClient } from '../support/core-raw.js';
import { failure, Log, until } from '../support/core-waiting.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { text?: string }): Reply<unknown> {}
  @incoming({ stream: true }) flood(_sender: Sender): Stream<string> {}
  @outgoing({ hasReply: true }) question(_to: Receivers, _args: object): Reply<unknown> {}
  @outgoing news(_to: Receivers, _args: { text: string }): void {}
}

async function side(limits: Partial<Limits>, options: object = {}) {
  const played = new Played();
  const far = played.visit();
  const log = new Log();
  const api = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', logger: log, limits, ...options });
  await turn();
  api.ask.connect(() => new Promise(() => {}));
  return { api, far, log };
}
async function sideThat(answers: () => unknown, limits: Partial<Limits>) {
  const played = new Played();
  const far = played.visit();
  const api = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', logger: null, limits });
  await turn();
  api.ask.connect(answers);
  return { api, far };
}
/** A side whose stream never ends. */
async function streaming(limits: Partial<Limits>) {
  const played = new Played();
  const far = played.visit();
  const api = await Spec.connect(played.maker, { codec: 'jrpc', logger: null, limits });
  await turn();
  let produced = 0;
  api.flood.connect(function* () {
    for (;;) {
      produced++;
      yield 'x'.repeat(100);
    }
  });
  return { api, far, produced: () => produced };
}
function open(far: PlayedLink, id: number, window: readonly number[]): void {
  far.say({ jsonrpc: '2.0', method: 'rpc.about', params: { call: id, window } });
  far.say({ jsonrpc: '2.0', id, method: 'flood' });
}
const call = (id: number, text = '') => ({ jsonrpc: '2.0', id, method: 'ask', params: { text } });

/** One attack for each limit; the other files of this folder have more. */
const attacks: Record<keyof Limits, [attack: string, test: () => Promise<void>]> = {
  frameBytes: [
    'a frame that would fill the memory',
    async () => {
      await using server = await Spec.serve('tcp://127.0.0.1:0', { logger: null, limits: { frameBytes: 10_000 } });
      using client = await RawClient.connect(server.address);
      await until(() => server.peers.size === 1);
      const asked = failure<RpcError>(server.question(null, {}));
      client.write(call(1, 'x'.repeat(20_000)));
      expect((await asked).code).toBe(Code.TooLarge);
    },
  ],
  sentFrameBytes: [
    'a call for an answer that would fill the memory',
    async () => {
      const { api, far } = await sideThat(() => 'x'.repeat(20_000), { sentFrameBytes: 10_000 });
      far.say(call(1));
      await turn();
      expect(far.heard).toMatchObject([{ id: 1, error: { code: Code.TooLarge } }]);
      expect(far.heard[0].error.message).toMatch('limits.sentFrameBytes');
      await api.close();
    },
  ],
  totalBytes: [
    'calls that hold more than all peers together may hold, and the peer that holds the most is cut',
    async () => {
      const { far, log } = await side({ totalBytes: 1_000_000 });
      for (let id = 1; id <= 30 && far.closes.length === 0; id++) far.say(call(id, 'x'.repeat(50_000)));
      expect(far.closes[0]).toMatchObject({ code: Code.Busy });
      expect(log.texts.join()).toMatch('limits.totalBytes');
    },
  ],
  depth: [
    'values nested so deep that whoever walks them runs out of stack',
    async () => {
      const { far } = await side({ depth: 10 });
      far.say(`{"jsonrpc":"2.0","id":1,"method":"ask","params":${'['.repeat(50)}${']'.repeat(50)}}`);
      await turn();
      expect(far.heard[0].error.code).toBe(Code.TooLarge);
    },
  ],
  pendingCalls: [
    'a peer that never answers what it is asked',
    async () => {
      const { api } = await side({ pendingCalls: 10 });
      const asked = Array.from({ length: 11 }, () => failure<RpcError>(api.question(null, {})));
      expect((await (asked[10] as Promise<RpcError>)).code).toBe(Code.Busy);
      await api.close();
      expect((await (asked[0] as Promise<RpcError>)).code).toBe(Code.ConnectionLost);
    },
  ],
  queuedCalls: [
    'a flood of calls',
    async () => {
      const { far } = await side({ queuedCalls: 10 }, { concurrency: 1 });
      // However slow the machine is, this is less than a turn's share.
      using _clock = stopClock();
      for (let id = 1; id <= 11; id++) far.say(call(id));
      expect(far.paused).toBe(true);
      // A link that continues anyway is ended.
      for (let id = 12; id <= 200; id++) far.say(call(id));
      expect(far.closes[0]).toMatchObject({ code: Code.Busy });
    },
  ],
  bufferedBytes: [
    'a peer that lets everything lie that it is sent',
    async () => {
      const { api, far } = await side({ bufferedBytes: 10_000 });
      far.buffered = 11_000;
      api.news(null, { text: '' });
      await turn();
      far.buffered = 20_001;
      expect(() => api.news(null, { text: '' })).toThrow(/^busy: far does not read/);
      await api.close();
    },
  ],
  stalledMs: [
    'a peer that holds what is buffered for it for ever',
    async () => {
      const { api, far } = await side({ bufferedBytes: 10_000, stalledMs: 20 });
      far.buffered = 11_000;
      api.news(null, { text: '' });
      await until(() => far.closes.length === 1);
      expect(far.closes[0]).toMatchObject({ code: Code.Busy });
      expect(api.peers.size).toBe(0);
    },
  ],
  tickBytes: [
    'a turn that collects without an end',
    async () => {
      const { api, far } = await side({ tickBytes: 1_000 });
      await turn();
      for (let n = 0; n < 100; n++) api.news(null, { text: 'x'.repeat(100) });
      expect(far.sends.length).toBeGreaterThan(10);
    },
  ],
  badFrames: [
    'noise',
    async () => {
      const { far, log } = await side({ badFrames: 5 });
      for (let n = 0; n < 100; n++) far.say('noise');
      expect(far.closes[0]).toMatchObject({ message: expect.stringMatching(/^6 messages in a row could not be read/) });
      expect(log.warnings.length).toBe(7);
    },
  ],
  references: [
    'functions that are passed and never released',
    async () => {
      const played = new Played();
      const far = played.visit();
      const api = await Spec.connect(played.maker, { codec: 'jrpc', logger: null, limits: { references: 3 } });
      await turn();
      api.ask.connect(() => new Promise(() => {}));
      for (let id = 1; id <= 5; id++) {
        far.say({ jsonrpc: '2.0', method: 'rpc.about', params: { call: id, tagged: true } });
        far.say({ ...call(id), params: { text: { $rpc: ['fn', id] } } });
      }
      await turn();
      const refused = far.heard.filter(({ error }) => error !== undefined);
      expect(refused.map(({ id, error }) => [id, error.code])).toEqual([4, 5].map((id) => [id, Code.TooLarge]));
    },
  ],
  streams: [
    'streams that are opened and never read',
    async () => {
      const { api, far } = await streaming({ streams: 5 });
      for (let id = 1; id <= 8; id++) open(far, id, [4, 1_000]);
      await turn();
      expect(far.heard.filter(({ error }) => error?.code === Code.Busy).map(({ id }) => id)).toEqual([6, 7, 8]);
      expect(api.peers.size).toBe(1);
    },
  ],
  streamItems: [
    'a window of so many items that the producer never stops',
    async () => {
      const { far, produced } = await streaming({ streamItems: 20 });
      open(far, 1, [1e9, 1e9]);
      for (let n = 0; n < 20; n++) await turn();
      expect(produced()).toBe(20);
    },
  ],
  streamBytes: [
    'a window of so many bytes that the producer never stops',
    async () => {
      const { far, produced } = await streaming({ streamBytes: 500 });
      open(far, 1, [1e9, 1e9]);
      for (let n = 0; n < 20; n++) await turn();
      expect(produced()).toBeGreaterThan(1);
      expect(produced()).toBeLessThan(10);
    },
  ],
  peers: [
    'a crowd',
    async () => {
      await using server = await Spec.serve('tcp://127.0.0.1:0', { logger: null, limits: { peers: 3 } });
      const clients: RawClient[] = [];
      for (let n = 0; n < 6; n++) clients.push(await RawClient.connect(server.address));
      await until(() => clients.filter(({ over }) => over).length === 3);
      expect(server.peers.size).toBe(3);
      for (const client of clients) client.socket.destroy();
      await until(() => server.peers.size === 0);
      using again = await RawClient.connect(server.address);
      await until(() => server.peers.size === 1);
      expect(again.over).toBe(false);
    },
  ],
  connectMs: [
    'a host that takes the connection and then says nothing',
    async () => {
      const silent = createServer((socket) => socket.on('error', () => {}).resume());
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      const { port } = silent.address() as { port: number };
      const error = await failure(Spec.connect(`ws://127.0.0.1:${port}`, { limits: { connectMs: 50 } }));
      expect(error).toBeInstanceOf(ConnectionLost);
      expect(error.message).toMatch('50 ms');
      await new Promise((resolve) => silent.close(resolve));
    },
  ],
  lingerMs: [
    'a peer that asks, ends its side, and waits for answers for ever',
    async () => {
      await using server = await Spec.serve('tcp://127.0.0.1:0', { logger: null, limits: { lingerMs: 50 } });
      const signals: unknown[] = [];
      server.ask.connect((sender) => {
        signals.push(sender.signal);
        return new Promise(() => {});
      });
      using client = await RawClient.connect(server.address);
      client.write(call(1));
      await until(() => signals.length === 1);
      client.socket.end();
      await until(() => server.peers.size === 0);
      expect(signals).toMatchObject([{ aborted: true }]);
    },
  ],
};

describe.each(Object.entries(attacks))('the limit %s', (_bound, [attack, test]) => {
  it(`stops ${attack}`, test);
});

it('every limit has a test for its attack, and a default', () => {
  expect(Object.keys(attacks).sort()).toEqual(Object.keys(defaultLimits).sort());
  expect(Object.isFrozen(defaultLimits)).toBe(true);
});

it.each([
  [{ frameByts: 5 }, 'unknown limit "frameByts"; there are frameBytes'],
  [{ frameBytes: 0 }, 'the limit "frameBytes" must be a positive number, not 0'],
  [{ depth: '5' }, 'the limit "depth" must be a positive number, not 5'],
  [{ depth: Number.NaN }, 'the limit "depth" must be a positive number'],
  [{ pendingCalls: 70_000 }, 'the limit "pendingCalls" is at most 65535'],
  [null, 'the option "limits" must be an object of limits'],
])('invalid limits are refused: %j', (limits, message) => {
  expect(() => Spec.create({ limits: limits as never })).toThrow(message);
});

describe('a batch with answers larger than itself', () => {
  it('is answered in parts, before its answers fill the memory', async () => {
    await using server = await Spec.serve('tcp://127.0.0.1:0', { logger: null, limits: { sentFrameBytes: 300_000 } });
    let held = 0;
    server.ask.connect(async (_sender, { text }) => {
      if (text === 'last') await until(() => held > 0);
      return 'x'.repeat(10_000);
    });
    using client = await RawClient.connect(server.address);
    client.write(Array.from({ length: 50 }, (_, id) => call(id, id === 49 ? 'last' : '')));
    const [first] = (await client.answers(1)) as [{ id: number }[]];
    expect(first.length).toBeLessThan(20);
    held = first.length;
    await client.until(() => client.lines.flatMap((line) => JSON.parse(line) as unknown[]).length === 50);
    const ids = client.lines.flatMap((line) => (JSON.parse(line) as { id: number }[]).map(({ id }) => id));
    expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, id) => id));
    expect(Math.max(...client.lines.map((line) => line.length))).toBeLessThanOrEqual(300_000);
  });

  it('does not count against the batches after it', async () => {
    const { api, far } = await sideThat(() => 'x'.repeat(1_000), { sentFrameBytes: 30_000 });
    for (let round = 0; round < 20; round++) far.say(Array.from({ length: 5 }, (_, id) => call(id)));
    await until(() => far.heard.length === 20);
    expect(far.heard.map((batch) => batch.length)).toEqual(Array(20).fill(5));
    await api.close();
  });

  it('releases its memory when its link ends', async () => {
    const { far, api } = await side({ frameBytes: 3_000 });
    far.say(Array.from({ length: 5 }, (_, id) => call(id)));
    far.receiver.closed();
    await turn();
    expect(api.peers.size).toBe(0);
  });
});

it('with an id as large as a frame does not end the process', async () => {
  const played = new Played();
  const far = played.visit();
  const log = new Log();
  const limits = { sentFrameBytes: 10_000 };
  const api = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', logger: log, limits });
  await turn();
  // An unhandled rejection would.
  api.ask.connect(async () => 'x'.repeat(100));
  far.say(
    { jsonrpc: '2.0', id: 'i'.repeat(9_900), method: 'ask' },
    { jsonrpc: '2.0', id: 'i'.repeat(9_990), method: 'ask' },
  );
  await turn();
  expect(far.heard.map(({ error }) => error.code)).toEqual([Code.TooLarge]);
  expect(log.texts).toEqual([
    expect.stringMatching('^no answer could be sent: the message is larger than 10000 bytes'),
  ]);
  expect(api.peers.size).toBe(1);
});
