import { afterEach, describe, expect, it } from 'vitest';
import {
  incoming,
  outgoing,
  type ProtocolError,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Stream,
} from '../../src/index.js';
import { stopClock } from '../../src/testing/clock.js';
import { failure, Log, until } from '../support/core-waiting.js';
import { RawDatagrams } from '../support/udp-raw.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) give(_sender: Sender, _args: { size: number }): Reply<string> {}
  @incoming({ hasReply: true }) later(_sender: Sender, _args: { size: number }): Reply<string> {}
  @incoming({ stream: true }) flood(_sender: Sender): Stream<string> {}
  @incoming({ stream: true }) three(_sender: Sender): Stream<number> {}
  @incoming({ hasReply: true }) wait(_sender: Sender): Reply<void> {}
  @incoming hear(_sender: Sender): void {}
  @outgoing({ hasReply: true }) question(_to: Receivers, _args: { text: string }): Reply<number> {}
  @outgoing news(_to: Receivers, _args: { text: string }): void {}
}

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function serve(url = 'udp://127.0.0.1:0', options: object = {}) {
  const log = new Log();
  const api = await Spec.serve(url, { logger: log, ...options });
  ends.push(() => api.close());
  const seen = { produced: 0, ended: 0 };
  api.give.connect((_sender, { size }) => 'x'.repeat(size));
  api.later.connect(async (_sender, { size }) => {
    await new Promise(setImmediate);
    return 'x'.repeat(size);
  });
  api.three.connect(() => [1, 2, 3]);
  api.wait.connect(() => new Promise(() => {}));
  api.flood.connect(function* () {
    try {
      for (;;) {
        seen.produced++;
        yield 'x'.repeat(400);
      }
    } finally {
      seen.ended++;
    }
  });
  const port = Number(new URL(api.address.replace('udp', 'http')).port);
  return { api, log, seen, port };
}
async function attacker(port: number): Promise<RawDatagrams> {
  const raw = await RawDatagrams.to(port);
  ends.push(() => raw[Symbol.dispose]());
  return raw;
}
const give = (id: unknown, size: number, method = 'give') => ({ id, method, params: { size } });
const UNPROVED = -32013;

describe('a sender that claims the address of another', () => {
  it('causes at most 1,200 bytes with a small datagram, and an error that says so after a second', async () => {
    const { port } = await serve();
    const raw = await attacker(port);
    expect(await raw.say(give(1, 64_000))).toBeLessThan(400);
    const { error } = await raw.answered(1);
    expect(error?.code).toBe(UNPROVED);
    expect(error?.message).toContain('rpc.prove');
    expect(error?.message).toContain('"trusted"');
    expect(raw.bytes).toBeLessThanOrEqual(1_200);
    expect(raw.tokens).toHaveLength(1);
  });

  it('receives a reply that fits into 1,200 bytes at once, without being asked for a proof', async () => {
    const { port } = await serve();
    const raw = await attacker(port);
    await raw.say(give(1, 1_100));
    expect((await raw.answered(1)).result).toBe('x'.repeat(1_100));
    expect(raw.datagrams).toHaveLength(1);
  });

  it('receives one datagram of an endless stream, whatever window it requests, and the source ends', async () => {
    const { port, seen } = await serve();
    const raw = await attacker(port);
    const about = { method: 'rpc.about', params: { call: 1, window: [65_536, 64 * 1024 * 1024] } };
    const sent = await raw.say(about, { id: 1, method: 'flood' });
    const { error } = await raw.answered(1);
    expect(error?.code).toBe(UNPROVED);
    expect(raw.bytes).toBeLessThanOrEqual(Math.max(3 * sent, 1_200));
    expect(raw.datagrams).toHaveLength(1);
    expect(seen.ended).toBe(1);
    expect(seen.produced).toBeLessThan(300);
    await raw.say({ method: 'rpc.about', params: { call: 2, window: [1, 1] } }, { id: 2, method: 'three' });
    expect((await raw.answered(2)).result).toEqual([1, 2, 3]);
  });

  it.each(['give', 'later'])(
    'causes three times the bytes of a datagram with 700 calls (%s), and an error for each at least',
    async (method) => {
      const { port } = await serve(undefined, { concurrency: 1_000 });
      const raw = await attacker(port);
      const calls = Array.from({ length: 700 }, (_, n) => give(n + 1, 56_000, method));
      const sent = await raw.say(...calls);
      await until(() => new Set(raw.messages.map(({ id }) => id)).size >= 700);
      await raw.say(give('last', 1));
      await raw.answered('last');
      expect(raw.bytes).toBeLessThanOrEqual(3 * sent + 1_200);
      expect(raw.messages.filter(({ error }) => error?.code === UNPROVED).length).toBeGreaterThan(690);
    },
  );

  it('causes no more with many small replies, with errors, or with unreadable datagrams', async () => {
    const { port } = await serve();
    const raw = await attacker(port);
    const many = (one: (n: number) => object) => Array.from({ length: 300 }, (_, n) => one(n + 1));
    for (const [answers, datagram] of [
      [300, many((n) => give(n, 2_000))],
      [300, many((n) => ({ id: n, method: 'no'.repeat(20) }))],
      [300, many((n) => ({ id: n, method: 'flood' }))],
      // The datagram is dropped after `badFrames` of them.
      [0, many((n) => ({ id: n, method: 1 }))],
    ] as const) {
      raw.clear();
      const sent = await raw.say(...datagram);
      await until(() => new Set(raw.messages.map(({ id }) => id)).size >= answers);
      await raw.say(give('last', 1));
      await raw.answered('last');
      expect(raw.bytes).toBeLessThanOrEqual(3 * sent + 1_200);
    }
  });

  it('causes no progress, and no echo of its own token', async () => {
    const { port } = await serve();
    const raw = await attacker(port);
    for (let n = 0; n < 10; n++) await raw.say({ method: 'rpc.prove', params: ['x'.repeat(20)] });
    await raw.say({ method: 'rpc.prove', params: ['x'.repeat(40_000)] });
    await raw.say(give('last', 1));
    await raw.answered('last');
    expect(raw.datagrams).toHaveLength(1);
  });

  it('causes no more bytes by notifications of the application than by its own calls', async () => {
    const { api, port, log } = await serve();
    const raw = await attacker(port);
    await raw.say({ method: 'hear' });
    await until(() => api.peers.size === 1);
    for (let n = 0; n < 50; n++) api.news(null as never, { text: 'x'.repeat(500) });
    const failed = await failure<ProtocolError>(api.question([...api.peers.values()], { text: 'x'.repeat(5_000) }));
    expect(failed.code).toBe(UNPROVED);
    expect(failed.message).toContain('has not proved its address');
    expect(raw.bytes).toBeLessThanOrEqual(1_200);
    await until(() => log.texts.some((text) => text.includes('messages were not sent')));
  });

  it('makes this side keep no more than 1 MiB for an unproved address', async () => {
    using _clock = stopClock();
    const { port } = await serve();
    const raw = await attacker(port);
    for (let n = 1; n <= 40; n++) await raw.say(give(n, 60_000));
    await until(() => raw.tokens.length === 1);
    await raw.say({ id: 'last', method: 'three' });
    await raw.answered('last');
    await raw.prove(raw.tokens[0] as string);
    await until(() => new Set(raw.messages.map(({ id }) => id)).size >= 42);
    const answers = raw.messages.filter(({ id }) => typeof id === 'number');
    expect(answers.filter(({ result }) => result !== undefined)).toHaveLength(17);
    expect(answers.filter(({ error }) => error?.message.includes('than are kept'))).toHaveLength(23);
  });

  it('does not prove the address with a guessed token, or with one for another address', async () => {
    const { port } = await serve();
    const [raw, other] = [await attacker(port), await attacker(port)];
    other.echoes = true;
    await other.say(give(1, 60_000));
    await other.answered(1);
    await raw.say(give(1, 60_000));
    await until(() => raw.tokens.length === 1);
    await raw.prove(other.tokens[0] as string);
    await raw.prove('0'.repeat(32));
    const { error } = await raw.answered(1);
    expect(error?.code).toBe(UNPROVED);
    expect(raw.tokens[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(raw.tokens[0]).not.toBe(other.tokens[0]);
  });
});

describe('a sender that echoes the token', () => {
  it('gets what has waited, and then everything', async () => {
    const { port } = await serve();
    const raw = await attacker(port);
    raw.echoes = true;
    const sizes = [
      [1, 60_000],
      [2, 30_000],
      [3, 10],
    ] as const;
    for (const [id, size] of sizes) await raw.say(give(id, size));
    for (const [id, size] of sizes) expect((await raw.answered(id)).result).toBe('x'.repeat(size));
    await raw.say(give(4, 60_000));
    expect((await raw.answered(4)).result).toBe('x'.repeat(60_000));
    expect(raw.tokens).toHaveLength(1);
  });

  it('is any side of Obverse, and its caller notices nothing', async () => {
    for (const codec of ['jrpc', 'msgpack']) {
      const { api } = await serve(undefined, { codec });
      const client = await Spec.invert().connect(api.address, { codec });
      ends.push(() => client.close());
      client.news.connect(() => {});
      client.question.connect((_sender, { text }) => text.length);
      const sizes = await Promise.all([60_000, 50_000, 40_000].map((size) => client.remote.give({ size })));
      expect(sizes.map(({ length }) => length)).toEqual([60_000, 50_000, 40_000]);
      const [peer] = [...api.peers.values()];
      expect(await api.question(peer!, { text: 'x'.repeat(60_000) })).toBe(60_000);
    }
  });

  it('can be a side that receives many calls before it has sent any', async () => {
    const { api } = await serve();
    const client = await Spec.invert().connect(api.address);
    ends.push(() => client.close());
    client.question.connect((_sender, { text }) => text.length);
    client.remote.hear();
    await until(() => api.peers.size === 1);
    expect(await api.question([...api.peers.values()], { text: 'x'.repeat(60_000) })).toBe(60_000);
  });

  it('can be a side with a security, too', async () => {
    const { api } = await serve(undefined, { security: 'user?user=shop' });
    const client = await Spec.invert().connect(api.address, { security: 'user?user=ann' });
    ends.push(() => client.close());
    expect((await client.remote.give({ size: 60_000 })).length).toBe(60_000);
  });

  it('receives an error if an answer is larger than a datagram', async () => {
    const { api } = await serve();
    const client = await Spec.invert().connect(api.address);
    ends.push(() => client.close());
    for (const size of [65_480, 70_000]) {
      const error = await failure<ProtocolError>(client.remote.give({ size }));
      expect(error.message).toContain('larger than 65');
      expect(error.code).toBe(-32013);
    }
  });
});

describe('on a bus', () => {
  it('members prove their addresses to each other, including those that only listen for answers', async () => {
    const { api } = await serve('udp://127.255.255.255:0?broadcast');
    const member = await Spec.invert().connect(api.address);
    ends.push(() => member.close());
    member.question.connect((_sender, { text }) => text.length);
    member.remote.hear();
    await until(() => api.peers.size === 1);
    expect(await api.question([...api.peers.values()], { text: 'x'.repeat(60_000) })).toBe(60_000);
    expect((await member.remote.give({ size: 60_000 })).length).toBe(60_000);
  });
});

describe('a sender that cannot echo', () => {
  it.each(['jrpc?hello=off', 'jrpc?dialect=mcp'])('is not asked to by %s, and gets the error', async (codec) => {
    const { port } = await serve(undefined, { codec });
    const raw = await attacker(port);
    await raw.say(give(1, 5_000));
    expect((await raw.answered(1)).error?.code).toBe(UNPROVED);
    expect(raw.datagrams).toHaveLength(1);
  });

  it('receives more for a larger datagram', async () => {
    const { port } = await serve(undefined, { codec: 'jrpc?hello=off' });
    const raw = await attacker(port);
    await raw.say({ id: 1, method: 'give', params: { size: 5_000, padding: 'x'.repeat(2_000) } });
    expect((await raw.answered(1)).result).toBe('x'.repeat(5_000));
  });

  it('receives everything if the address says "trusted"', async () => {
    const { port } = await serve('udp://127.0.0.1:0?trusted', { codec: 'jrpc?hello=off' });
    const raw = await attacker(port);
    await raw.say(give(1, 60_000));
    expect((await raw.answered(1)).result).toBe('x'.repeat(60_000));
  });
});

describe('forged senders that fill the table', () => {
  const PEERS = 20;
  const url = `udp://127.0.0.1:0?peers=${PEERS}`;

  it('do not keep a new peer out', async () => {
    const { api, port } = await serve(url);
    for (let n = 0; n < PEERS; n++) await (await attacker(port)).say({ method: 'hear' });
    await until(() => api.peers.size === PEERS);
    const client = await Spec.invert().connect(api.address);
    ends.push(() => client.close());
    expect(await client.remote.give({ size: 3 })).toBe('xxx');
    expect(api.peers.size).toBe(PEERS);
  });

  it('replace no peer that has proved its address, nor one with a running call while others have none', async () => {
    const { api, port } = await serve(url);
    const [proved, working] = [await attacker(port), await attacker(port)];
    proved.echoes = true;
    await proved.say(give(1, 5_000));
    await proved.answered(1);
    await working.say({ id: 1, method: 'wait' });
    for (let n = 0; n < 3 * PEERS; n++) {
      const forged = await attacker(port);
      await forged.say(give(1, 1));
      await forged.answered(1);
    }
    expect(api.peers.has(`127.0.0.1:${proved.port}`)).toBe(true);
    expect(api.peers.has(`127.0.0.1:${working.port}`)).toBe(true);
    expect(api.peers.size).toBe(PEERS);
  });

  it('do not keep a new peer out with calls that never end', async () => {
    const { api, port } = await serve(url);
    for (let n = 0; n < PEERS; n++) await (await attacker(port)).say({ id: 1, method: 'wait' });
    await until(() => api.peers.size === PEERS);
    const raw = await attacker(port);
    await raw.say(give(1, 3));
    expect((await raw.answered(1)).result).toBe('xxx');
  });
});
