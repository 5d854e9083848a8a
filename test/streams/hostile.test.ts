import { describe, expect, it } from 'vitest';
import { Code, type Limits, ProtocolError, type RpcError } from '../../src/index.js';
import { Played, type PlayedLink, turn } from '../support/core-played.js';
import { failure, Log } from '../support/core-waiting.js';
import { held } from './held.js';
import { all, handle, Seen, Streams, upTo } from './spec.js';

const note = (method: string, ...params: unknown[]) => ({ jsonrpc: '2.0', method, params });

/** The consuming side, and a far end that the test controls. */
async function taking(limits: Partial<Limits> = {}) {
  const played = new Played();
  const far = played.visit();
  const log = new Log();
  const api = await Streams.invert().connect(played.maker, { logger: log, limits });
  await turn();
  /** The id of the last call. */
  const id = async (): Promise<number> => {
    await turn();
    return far.heard.findLast((message) => message.id !== undefined).id;
  };
  return { api, far, log, id };
}

/** The producing side. */
async function giving(limits: Partial<Limits> = {}) {
  const played = new Played();
  const far = played.visit();
  const log = new Log();
  const api = await Streams.connect(played.maker, { logger: log, limits });
  await turn();
  const seen = handle(api, new Seen());
  const ask = (id: number, window: unknown, method = 'count', params: object = { to: 1e9 }): void =>
    far.say(
      { jsonrpc: '2.0', method: 'rpc.about', params: { call: id, window } },
      { jsonrpc: '2.0', id, method, params },
    );
  /** How much of the stream has been sent. */
  const items = (call: number): unknown[] =>
    far.heard
      .filter(({ method, params }) => method === 'rpc.next' && params[0] === call)
      .flatMap(({ params }) => params[1]);
  return { api, far, log, seen, ask, items };
}

/** Answers every mark, as a peer does that has read everything. */
function readAll(far: PlayedLink): void {
  for (const { method, params } of far.heard)
    if (method === 'rpc.next' && params[0] === null) far.say(note('rpc.pull', null, params[1]));
}

describe('a peer that produces a stream and', () => {
  it('sends items that are nested too deep ends the stream before them, and is cancelled', async () => {
    const { api, far, id } = await taking({ depth: 10 });
    const stream = api.any(null);
    const call = await id();
    const deep = JSON.parse(`${'['.repeat(20)}${']'.repeat(20)}`) as unknown;
    far.say(note('rpc.next', call, ['first']), note('rpc.next', call, [deep]), note('rpc.next', call, ['third']));
    const { items, error } = await all(stream);
    expect(items).toEqual(['first']);
    expect(error).toMatchObject({ code: Code.TooLarge });
    await turn();
    expect(far.heard.at(-1)).toMatchObject({ method: 'rpc.cancel', params: [call] });
  });

  it('sends more items than the window allows ends the stream, with the items before, and nothing more is kept', async () => {
    const { api, far, log, id } = await taking();
    const stream = api.to(null, { window: { items: 10 } }).any();
    const call = await id();
    far.say(note('rpc.next', call, upTo(10)));
    far.say(note('rpc.next', call, [10]));
    far.say(note('rpc.next', call, upTo(1_000)));
    const { items, error } = await all(stream);
    expect(items).toEqual(upTo(10));
    expect(error).toBeInstanceOf(ProtocolError);
    expect((error as Error).message).toContain('more than its window of 10 items');
    expect(log.texts).toEqual([expect.stringContaining('more than its window')]);
    await turn();
    expect(far.heard.at(-1)).toMatchObject({ method: 'rpc.cancel', params: [call, expect.any(String)] });
    expect(held(api)).toBe(0);
  });

  it('sends more than the window in one message ends the stream', async () => {
    const { api, far, id } = await taking();
    const stream = api.to(null, { window: { items: 10 } }).any();
    far.say(note('rpc.next', await id(), upTo(11)));
    expect((await all(stream)).items).toEqual([]);
    expect(held(api)).toBe(0);
  });

  it('sends more bytes than the window allows: at most one message is kept beyond it', async () => {
    const { api, far, id } = await taking();
    const stream = api.to(null, { window: { items: 100, bytes: 10_000 } }).any();
    const call = await id();
    for (let n = 0; n < 10; n++) far.say(note('rpc.next', call, ['x'.repeat(6_000)]));
    const { items, error } = await all(stream);
    expect(items).toHaveLength(2);
    expect(error).toBeInstanceOf(ProtocolError);
  });

  it('sends items in one frame with other messages: their own size counts', async () => {
    const { api, far, id } = await taking();
    const stream = api.to(null, { window: { items: 100, bytes: 10_000 } }).any();
    const call = await id();
    const one = (size: number) => JSON.stringify(note('rpc.next', call, ['x'.repeat(size)]));
    // The frame is much larger than the window, its items are not.
    far.say(`[${[one(10), JSON.stringify(note('unknown', 'y'.repeat(50_000))), one(10), one(10), one(10)].join(',')}]`);
    for (const _ of upTo(4)) expect((await stream.next()).value).toBe('x'.repeat(10));
    far.say(`[${[one(6_000), one(6_000), one(6_000)].join(',')}]`);
    const { items, error } = await all(stream);
    expect(items).toHaveLength(2);
    expect(error).toBeInstanceOf(ProtocolError);
  });

  it.each([
    ['items of a stream that nobody has asked for', note('rpc.next', 99, [1])],
    ['items for a request that is not a stream', undefined],
    ['items that are not a list', note('rpc.next', 99, 5)],
    ['items without arguments', note('rpc.next')],
    ['a mark that is not a number', note('rpc.next', null, 'x')],
  ])('sends %s is reported, and the conversation goes on', async (_what, message) => {
    const { api, far, log, id } = await taking();
    const asked = api.remote.add({ a: 1, b: 1 });
    const call = await id();
    far.say(message ?? note('rpc.next', call, [1]));
    expect(log.warnings).toHaveLength(1);
    far.say({ jsonrpc: '2.0', id: call, result: 2 });
    expect(await asked).toBe(2);
  });

  it('goes on after cancellation causes no error, and nothing is kept', async () => {
    const { api, far, log, id } = await taking();
    const stream = api.remote.any();
    const call = await id();
    await stream.return();
    for (let n = 0; n < 1_000; n++) far.say(note('rpc.next', call, upTo(64)));
    far.say({ jsonrpc: '2.0', id: call, result: null });
    expect(log.warnings).toEqual([]);
    expect(held(api)).toBe(0);
  });

  it('ends it twice: the second end is ignored', async () => {
    const { api, far, log, id } = await taking();
    const stream = api.remote.any();
    const call = await id();
    far.say(note('rpc.next', call, [1]), { jsonrpc: '2.0', id: call, result: null });
    far.say({ jsonrpc: '2.0', id: call, result: null }, note('rpc.next', call, [2]));
    expect((await all(stream)).items).toEqual([1]);
    expect(log.warnings).toHaveLength(2);
  });

  it('answers with something other than an end or a list', async () => {
    const { api, far, id } = await taking();
    const stream = api.remote.any();
    far.say({ jsonrpc: '2.0', id: await id(), result: { items: 5 } });
    expect((await all(stream)).error).toBeInstanceOf(ProtocolError);
  });
});

describe('a peer that consumes a stream and', () => {
  it.each([0, -1, Number.NaN, 1.5, 1e300, '5', null, [1], undefined])(
    'pulls %j is reported, and gains no credit',
    async (n) => {
      const { far, log, seen, ask } = await giving();
      ask(1, [4, 1_000]);
      await turn();
      expect(seen.produced).toBe(4);
      far.say(note('rpc.pull', 1, n));
      await turn();
      expect(seen.produced).toBe(4);
      expect(log.warnings).toHaveLength(1);
      far.say(note('rpc.pull', 1, 4));
      await turn();
      expect(seen.produced).toBe(8);
    },
  );

  it('pulls more than was sent is reported, and gains no credit', async () => {
    const { far, log, seen, ask } = await giving();
    ask(1, [4, 1_000]);
    await turn();
    for (const n of [5, 100, Number.MAX_SAFE_INTEGER]) far.say(note('rpc.pull', 1, n));
    await turn();
    expect(seen.produced).toBe(4);
    expect(log.warnings).toHaveLength(3);
  });

  it('pulls from a stream that has ended or never existed is ignored', async () => {
    const { far, log, ask } = await giving();
    ask(1, [100, 1_000], 'count', { to: 3 });
    await turn();
    far.say(note('rpc.pull', 1, 3), note('rpc.pull', 77, 1));
    await turn();
    expect(log.warnings).toEqual([]);
  });

  it.each([[[0, 0]], [[-1, 5]], [[5, -1]], [['a', 'b']], [[Number.NaN, 1]], ['much'], [{ items: 5 }]])(
    'requests the invalid window %j gets one list',
    async (window) => {
      const { far, ask } = await giving();
      ask(1, window, 'count', { to: 3 });
      await turn();
      await turn();
      expect(far.heard.at(-1)).toMatchObject({ id: 1, result: [0, 1, 2] });
    },
  );

  it('requests an unlimited window: the producer is no further ahead than the limits allow', async () => {
    const { far, seen, ask } = await giving({ streamItems: 1_000 });
    ask(1, [1e300, 1e300]);
    for (let n = 0; n < 50; n++) {
      readAll(far);
      await turn();
    }
    expect(seen.produced).toBe(1_000);
  });

  it('sends made-up marks is reported, and changes nothing', async () => {
    const { far, log, seen, ask } = await giving();
    ask(1, [60_000, 1e9]);
    for (let n = 0; n < 50; n++) await turn();
    const { produced } = seen;
    expect(produced).toBeLessThan(10_000);
    for (const mark of [5, -1, 'x', 1e300]) far.say(note('rpc.pull', null, mark));
    await turn();
    expect(seen.produced).toBe(produced);
    expect(log.warnings).toHaveLength(4);
  });

  it('requests more streams than allowed: the excess is refused as busy', async () => {
    const { api, far, ask } = await giving({ streams: 10 });
    for (let id = 1; id <= 15; id++) ask(id, [4, 1_000]);
    await turn();
    const refused = far.heard.filter(({ error }) => error !== undefined);
    expect(refused.map(({ id, error }) => [id, error.code])).toEqual(upTo(5).map((n) => [n + 11, Code.Busy]));
    far.say(note('rpc.cancel', 1));
    await turn();
    ask(16, [4, 1_000]);
    await turn();
    expect(far.heard.at(-1)).toMatchObject({ method: 'rpc.next', params: [16, [0, 1, 2, 3]] });
    expect(api.peers.size).toBe(1);
  });

  it('opens streams and cancels them without reading: none remains', async () => {
    const { api, far, seen, ask } = await giving({ streams: 10 });
    for (let id = 1; id <= 5_000; id++) {
      ask(id, [1_000, 1e6]);
      far.say(note('rpc.cancel', id));
      if (id % 8 === 0) await turn();
    }
    await turn();
    expect(held(api)).toBe(0);
    expect(seen.produced).toBeLessThan(5_000 * 64);
  });

  it('calls it without an id: it does not begin', async () => {
    const { far, log, seen } = await giving();
    far.say(note('count', 5), { jsonrpc: '2.0', method: 'count', params: { to: 5 } });
    await turn();
    expect(seen.produced).toBe(0);
    expect(log.texts.at(-1)).toContain('without an id');
  });

  it('requests a stream that was not offered', async () => {
    const { far } = await giving();
    far.say({ jsonrpc: '2.0', id: 1, method: 'rpc.stream', params: [7] });
    far.say({ jsonrpc: '2.0', id: 2, method: 'rpc.stream', params: ['__proto__'] });
    await turn();
    expect(far.heard.filter(({ id }) => id !== undefined).map(({ error }) => error.code)).toEqual([
      Code.InvalidParams,
      Code.InvalidParams,
    ]);
  });
});

describe('a list for a peer without streams', () => {
  it.each([
    ['items', { streamItems: 100 }, 'more than 100 items'],
    ['bytes', { sentFrameBytes: 5_000 }, 'more than 5000 bytes'],
  ])('is refused if it has too many %s, and its source is ended', async (_what, limits, text) => {
    const { far, seen } = await giving(limits);
    far.say({ jsonrpc: '2.0', id: 1, method: 'large', params: { size: 100, count: 1e9 } });
    await turn();
    await turn();
    const { error } = far.heard.at(-1) as { error: RpcError };
    expect(error.code).toBe(Code.TooLarge);
    expect(error.message).toContain(text);
    expect(seen.ended).toBe(1);
    expect(seen.produced).toBeLessThan(102);
  });

  it('is cancelled with its call', async () => {
    const { api, far, seen } = await giving();
    far.say({ jsonrpc: '2.0', id: 1, method: 'count', params: { to: 1e9, kind: 'slow' } });
    await turn();
    far.say(note('rpc.cancel', 1));
    while (held(api) > 0) await turn();
    expect(seen.ended).toBe(1);
  });
});

describe('a side that offers streams', () => {
  it('refuses to offer more than may wait', async () => {
    const { api } = await taking({ streams: 3 });
    async function* none() {}
    const asked = upTo(5).map(() => failure<RpcError>(api.remote.sum({ of: none() })));
    expect((await (asked[4] as Promise<RpcError>)).code).toBe(Code.Busy);
    expect(held(api)).toBe(6);
  });
});
