import { describe, expect, it } from 'vitest';
import {
  Code,
  incoming,
  outgoing,
  ProtocolError,
  type Receivers,
  RemoteAPI,
  type Reply,
  RpcError,
  type Sender,
  UsageError,
} from '../../src/index.js';
import { Played, turn } from '../support/core-played.js';
import { failure, Log } from '../support/core-waiting.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: object): Reply<unknown> {}
  @incoming tell(_sender: Sender, _args: object): void {}
  @outgoing({ hasReply: true }) question(_to: Receivers, _args: { value: unknown }): Reply<unknown> {}
  @outgoing news(_to: Receivers, _args: { value: unknown }): void {}
}

async function side(options: object = {}, traits = {}) {
  const played = new Played();
  const far = played.visit('far', traits);
  const log = new Log();
  const api = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', logger: log, ...options });
  return { api, far, log };
}

const cycle: Record<string, unknown> = {};
cycle.self = cycle;
const impossible: [string, unknown, RegExp][] = [
  ['a BigInt', 1n, /BigInt/],
  ['a cycle', cycle, /circular/],
  [
    'a toJSON that throws',
    {
      toJSON: () => {
        throw new Error('toJSON has thrown');
      },
    },
    /toJSON has thrown/,
  ],
  [
    'a getter that throws',
    {
      get x() {
        throw new Error('a getter has thrown');
      },
    },
    /a getter has thrown/,
  ],
];

describe.each(impossible)('%s', (_name, value, why) => {
  it('as an argument fails only that call, with a UsageError', async () => {
    const { api, far } = await side();
    const before = api.question(null, { value: 1 });
    const error = await failure(api.question(null, { value }));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toMatch(/^the arguments of question cannot be encoded: /);
    expect(error.message).toMatch(why);
    expect(() => api.news(null, { value })).toThrow(UsageError);
    const after = api.question(null, { value: 2 });
    await turn();
    expect(far.heard.map(({ params }) => params.value)).toEqual([1, 2]);
    for (const { id, params } of far.heard) far.say({ jsonrpc: '2.0', id, result: params.value });
    expect(await Promise.all([before, after])).toEqual([1, 2]);
  });

  it('as a result fails only that call, and its caller receives the reason', async () => {
    const { api, far, log } = await side();
    api.ask.connect((_sender, { good }: { good?: boolean }) => (good ? 'fine' : value));
    far.say(...[false, true].map((good, id) => ({ jsonrpc: '2.0', id, method: 'ask', params: { good } })));
    await turn();
    expect(far.heard[0]).toMatchObject({ id: 0, error: { code: Code.InternalError } });
    expect(far.heard[0].error.message).toMatch(/^the result cannot be encoded: /);
    expect(far.heard[0].error.message).toMatch(why);
    expect(far.heard[1]).toMatchObject({ id: 1, result: 'fine' });
    expect(log.warnings).toEqual([]);
  });

  it('as a result is not described to the caller if errors are hidden', async () => {
    const { api, far } = await side({ errors: 'hidden' });
    api.ask.connect(async () => value);
    far.say({ jsonrpc: '2.0', id: 1, method: 'ask' });
    await turn();
    expect(far.heard[0].error).toEqual({ code: Code.InternalError, message: 'Internal error' });
  });

  it('as the data of an error does not affect its code and its message', async () => {
    const { api, far } = await side();
    api.ask.connect(() => {
      throw new RpcError('the message stays', 99, { value });
    });
    far.say({ jsonrpc: '2.0', id: 1, method: 'ask' });
    await turn();
    expect(far.heard[0].error).toEqual({ code: 99, message: 'the message stays' });
  });

  it('in one answer of a batch does not affect the others', async () => {
    const { api, far } = await side();
    api.ask.connect((_sender, { good }: { good?: boolean }) => (good ? 'fine' : value));
    far.say([false, true].map((good, id) => ({ jsonrpc: '2.0', id, method: 'ask', params: { good } })));
    await turn();
    expect(far.heard.length).toBe(1);
    expect(far.heard[0][0]).toMatchObject({ id: 0, error: { code: Code.InternalError } });
    expect(far.heard[0][1]).toMatchObject({ id: 1, result: 'fine' });
  });
});

it('releases the id of a call that could not be encoded', async () => {
  const { api, far } = await side({ limits: { pendingCalls: 2 } });
  for (let n = 0; n < 10; n++) await failure(api.question(null, { value: 1n }));
  void failure(api.question(null, { value: 1 }));
  void failure(api.question(null, { value: 2 }));
  await turn();
  expect(far.heard.length).toBe(2);
});

describe('a message that is too large', () => {
  const limits = { sentFrameBytes: 1_000 };

  it('fails as a call, before anything is sent', async () => {
    const { api, far } = await side({ limits });
    const error = await failure<RpcError>(api.question(null, { value: 'x'.repeat(1_000) }));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error.code).toBe(Code.TooLarge);
    expect(error.message).toBe('the message is larger than 1000 bytes, the bound of this side (limits.sentFrameBytes)');
    expect(() => api.news(null, { value: 'x'.repeat(1_000) })).toThrow(ProtocolError);
    // The limit counts bytes, not characters.
    expect(await failure(api.question(null, { value: 'é'.repeat(480) }))).toBeInstanceOf(ProtocolError);
    expect(await failure(api.question(null, { value: '漢'.repeat(320) }))).toBeInstanceOf(ProtocolError);
    expect(await failure(api.question(null, { value: '😀'.repeat(240) }))).toBeInstanceOf(ProtocolError);
    await turn();
    expect(far.sends).toEqual([]);
    for (const value of ['é'.repeat(460), '漢'.repeat(300), '😀'.repeat(230)]) api.news(null, { value });
    await turn();
    expect(far.heard.length).toBe(3);
    for (const frame of far.sends.flat()) expect(Buffer.byteLength(frame as string)).toBeLessThanOrEqual(1_000);
  });

  it('is answered with an error if it is the result', async () => {
    const { api, far } = await side({ limits });
    api.ask.connect(() => 'x'.repeat(1_000));
    far.say({ jsonrpc: '2.0', id: 1, method: 'ask' });
    await turn();
    expect(far.heard[0].error).toEqual({
      code: Code.TooLarge,
      message: 'the message is larger than 1000 bytes, the bound of this side (limits.sentFrameBytes)',
    });
  });

  it('is answered with its code only if it is an error', async () => {
    const { api, far } = await side({ limits });
    api.ask.connect(() => {
      throw new RpcError('m'.repeat(5_000), 99, 'd'.repeat(5_000));
    });
    far.say({ jsonrpc: '2.0', id: 1, method: 'ask' }, { jsonrpc: '2.0', id: 'i'.repeat(900), method: 'ask' });
    await turn();
    expect(far.heard[0]).toMatchObject({ id: 1, error: { code: 99, message: expect.stringMatching(/^m+/) } });
    expect(far.closes).toEqual([]);
  });

  it('is compared with what the link can send', async () => {
    const { api, far } = await side({}, { maxFrame: 200 });
    expect(await failure(api.question(null, { value: 'x'.repeat(300) }))).toBeInstanceOf(ProtocolError);
    api.ask.connect(() => 'x'.repeat(300));
    far.say({ jsonrpc: '2.0', id: 1, method: 'ask' });
    await turn();
    expect(far.heard[0].error.code).toBe(Code.TooLarge);
  });

  it('does not affect the other answers of its batch, even if it cannot be answered at all', async () => {
    const { api, far } = await side({ limits: { sentFrameBytes: 1_000 } });
    api.ask.connect(async () => 'x');
    far.say([
      { jsonrpc: '2.0', id: 'i'.repeat(990), method: 'ask' },
      { jsonrpc: '2.0', id: 2, method: 'ask' },
    ]);
    await turn();
    expect(far.heard).toEqual([[{ jsonrpc: '2.0', id: 2, result: 'x' }]]);
  });

  it('is dropped without harm if even the refusal is too large', async () => {
    const { api, far, log } = await side({}, { maxFrame: 20 });
    api.ask.connect(async () => 'x');
    far.say({ jsonrpc: '2.0', id: 1, method: 'ask' }, { jsonrpc: '2.0', id: 2, method: 'nope' }, '{', '[]', '[1]');
    await turn();
    expect(far.sends).toEqual([]);
    expect(far.closes).toEqual([]);
    expect(log.texts.length).toBeGreaterThanOrEqual(2);
  });
});

it('is reported on both sides over a real transport', async () => {
  await using server = await Spec.serve('tcp://127.0.0.1:0');
  server.ask.connect(async () => 1n);
  await using client = await Spec.invert().connect(server.address);
  expect(await failure<RpcError>(client.remote.ask({}))).toMatchObject({ code: Code.InternalError });
  expect(await failure(client.remote.ask({ n: 1n }))).toBeInstanceOf(UsageError);
  expect(await failure<RpcError>(client.remote.ask({}))).toMatchObject({ code: Code.InternalError });
});
