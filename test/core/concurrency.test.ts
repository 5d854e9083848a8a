import { describe, expect, it } from 'vitest';
import {
  Code,
  incoming,
  outgoing,
  ProtocolError,
  type Receivers,
  RemoteAPI,
  type Reply,
  type RpcError,
  type Sender,
} from '../../src/index.js';
import { stopClock } from '../../src/testing/index.js';
import { Played, type PlayedLink, turn } from '../support/core-played.js';
import { failure, until } from '../support/core-waiting.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n?: number; text?: string }): Reply<unknown> {}
  @incoming tell(_sender: Sender, _args: { n?: number }): void {}
  @outgoing({ hasReply: true }) question(_to: Receivers, _args: object): Reply<unknown> {}
  @outgoing news(_to: Receivers, _args: object): void {}
}

/** A side whose handlers run until they are released. */
async function side(options: object) {
  const played = new Played();
  const far = played.visit();
  const api = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', logger: null, ...options });
  await turn();
  const started: (number | undefined)[] = [];
  const running: (() => void)[] = [];
  const work = (_sender: Sender, { n }: { n?: number }) => {
    started.push(n);
    return new Promise<number | undefined>((resolve) => running.push(() => resolve(n)));
  };
  api.ask.connect(work);
  api.tell.connect(work as never);
  const finish = async (count = running.length) => {
    for (const let_ of running.splice(0, count)) let_();
    await turn();
  };
  return { api, far, started, running, finish };
}
const ask = (far: PlayedLink, from: number, to = from) => {
  for (let n = from; n <= to; n++) far.say({ jsonrpc: '2.0', id: n, method: 'ask', params: { n } });
};
const tell = (far: PlayedLink, n: number) => far.say({ jsonrpc: '2.0', method: 'tell', params: { n } });
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

describe('concurrency', () => {
  it('starts this many handlers at a time, and the others in the order of arrival', async () => {
    const { far, started, running, finish } = await side({ concurrency: 3 });
    ask(far, 1, 5);
    tell(far, 6);
    ask(far, 7, 8);
    expect(started).toEqual([1, 2, 3]);
    // Whichever ends, the one that has waited longest is next.
    running.splice(1, 1)[0]?.();
    await turn();
    expect(started).toEqual([1, 2, 3, 4]);
    await finish(2);
    expect(started).toEqual([1, 2, 3, 4, 5, 6]);
    while (running.length > 0) await finish();
    expect(started).toEqual(upTo(8));
    expect(far.heard.map(({ id }) => id).sort()).toEqual([1, 2, 3, 4, 5, 7, 8]);
  });

  it('lets no call overtake queued ones, even if its handler is synchronous', async () => {
    const { api, far, finish } = await side({ concurrency: 1 });
    const order: unknown[] = [];
    api.ask.connect((_sender, { n }) => void order.push(n));
    api.tell.connect((_sender, { n }) => void order.push(n));
    ask(far, 1, 2);
    tell(far, 3);
    expect(order).toEqual([1]);
    await finish(1);
    ask(far, 4);
    expect(order).toEqual([1, 2]);
    while (order.length < 4) await finish(1);
    expect(order).toEqual([1, 2, 3, 4]);
  });

  it('does not count synchronous handlers', async () => {
    const played = new Played();
    const far = played.visit();
    const api = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', concurrency: 1 });
    await turn();
    api.ask.connect((_sender, { n }) => n);
    ask(far, 1, 100);
    await until(() => far.heard.length === 100);
    expect(far.heard.map(({ result }) => result)).toEqual(upTo(100));
  });

  it('applies to each peer', async () => {
    const played = new Played();
    const links = ['ann', 'ben'].map((name) => played.visit(name));
    const api = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', concurrency: 1 });
    await turn();
    const started: string[] = [];
    api.ask.connect((sender) => {
      started.push(sender.id);
      return new Promise(() => {});
    });
    for (const link of links) ask(link, 1, 2);
    expect(started).toEqual(['ann', 'ben']);
  });

  it.each([0, 0.5, Number.NaN, '2'])('cannot be %j', (concurrency) => {
    expect(() => Spec.create({ concurrency: concurrency as number })).toThrow('"concurrency" must be a number from 1');
  });

  it.each(['tcp://127.0.0.1:0', 'memory:reentrant'])(
    'of 1 lets a handler await a call to the peer that called it, over %s',
    async (url) => {
      await using server = await Spec.serve(url, { concurrency: 1 });
      await using client = await Spec.invert().connect(server.address, { concurrency: 1 });
      let deepest = 0;
      server.ask.connect(async (sender, { n = 0 }) => `${n}(${await server.question(sender, { n: n - 1 })})`);
      client.question.connect(async (_sender, args) => {
        const { n } = args as { n: number };
        deepest = Math.min(deepest, n);
        await undefined;
        return `${n}`;
      });
      const answers = await Promise.all(upTo(50).map((n) => client.remote.ask({ n })));
      expect(answers).toEqual(upTo(50).map((n) => `${n}(${n - 1})`));
    },
  );
});

describe('a full queue', () => {
  const options = { concurrency: 1, limits: { queuedCalls: 4 } };

  it('pauses reading, which resumes when it is half empty', async () => {
    const { far, started, finish } = await side(options);
    ask(far, 1, 4);
    expect(far.paused).toBe(false);
    ask(far, 5);
    expect(far.paused).toBe(true);
    // The rest of this chunk is still delivered.
    ask(far, 6, 7);
    await finish(1);
    await finish(1);
    await finish(1);
    await finish(1);
    expect(far.paused).toBe(true);
    await finish(1);
    expect(far.paused).toBe(false);
    await finish(1);
    await finish(1);
    expect(started).toEqual(upTo(7));
    expect(far.heard.map(({ id }) => id)).toEqual(upTo(7));
  });

  it('reads on if an answer is awaited, and refuses more calls as busy', async () => {
    const { api, far, started } = await side(options);
    ask(far, 1, 5);
    expect(far.paused).toBe(true);
    const asked = api.question(null, {});
    expect(far.paused).toBe(false);
    ask(far, 6, 7);
    await turn();
    const [question, ...busy] = far.heard;
    expect(busy.map(({ id, error }) => [id, error.code, error.message])).toEqual(
      [6, 7].map((id) => [id, Code.Busy, 'busy: 4 calls wait already']),
    );
    far.say({ jsonrpc: '2.0', id: question.id, result: 'the answer' });
    expect(await asked).toBe('the answer');
    expect(far.paused).toBe(true);
    expect(started).toEqual([1]);
    expect(far.closes).toEqual([]);
  });

  it('reads on for the answer that a handler awaits', async () => {
    const played = new Played();
    const far = played.visit();
    const api = await Spec.connect(played.maker, { codec: 'jrpc?hello=off', logger: null, ...options });
    await turn();
    api.ask.connect(async (sender, { n }) => [n, await api.question(sender, { n })]);
    ask(far, 1, 5);
    expect(far.paused).toBe(false);
    for (let n = 1; n <= 5; n++) {
      await turn();
      const { id, params } = far.heard.filter(({ method }) => method === 'question')[n - 1];
      far.say({ jsonrpc: '2.0', id, result: params.n * 10 });
    }
    await turn();
    const results = far.heard.filter(({ method }) => method === undefined).map(({ result }) => result);
    expect(results).toEqual(upTo(5).map((n) => [n, n * 10]));
  });

  it('pauses reading for a few large calls as for very many small ones', async () => {
    const { far, finish } = await side({ concurrency: 1, limits: { bufferedBytes: 10_000 } });
    ask(far, 0);
    for (let n = 1; n <= 4; n++) {
      far.say({ jsonrpc: '2.0', id: n, method: 'ask', params: { n, text: 'x'.repeat(3_000) } });
      expect(far.paused).toBe(n === 4);
    }
    for (let n = 0; n < 5; n++) await finish(1);
    expect(far.paused).toBe(false);
    expect(far.heard.length).toBe(5);
  });
});

describe('a peer that does not stop calling', () => {
  it('with requests, on a link that cannot be paused, is disconnected at 16 times the limit', async () => {
    const { api, far, started } = await side({ concurrency: 1, limits: { queuedCalls: 10 } });
    // However slow the machine is, this is less than a turn's share.
    using _clock = stopClock();
    ask(far, 1, 161);
    expect(far.closes).toEqual([]);
    ask(far, 162);
    expect(far.closes[0]).toBeInstanceOf(ProtocolError);
    expect(far.closes[0]).toMatchObject({
      code: Code.Busy,
      message: '160 calls are waiting, and the peer keeps sending calls',
    });
    await turn();
    expect(started).toEqual([1]);
    expect(api.peers.size).toBe(0);
  });

  it('with notifications, while an answer is awaited, is disconnected, and the call rejects', async () => {
    const { api, far } = await side({ concurrency: 1, limits: { queuedCalls: 10 } });
    const asked = failure<RpcError>(api.question(null, {}));
    for (let n = 0; n < 162; n++) tell(far, n);
    expect((await asked).code).toBe(Code.Busy);
  });

  it('with large calls is disconnected at twice the limit on bytes', async () => {
    const { far } = await side({ concurrency: 1, limits: { bufferedBytes: 10_000 } });
    for (let n = 0; n < 10; n++) {
      far.say({ jsonrpc: '2.0', id: n, method: 'ask', params: { text: 'x'.repeat(3_000) } });
    }
    expect(far.closes[0]).toMatchObject({ code: Code.Busy });
  });

  it('within one packet is disconnected as well, and the rest of the packet is dropped', async () => {
    for (const traits of [{ packets: true, agreed: true }, {}]) {
      const played = new Played();
      const far = played.visit('far', traits);
      const api = await Spec.connect(played.maker, { logger: null, concurrency: 1, limits: { queuedCalls: 10 } });
      await turn();
      let calls = 0;
      api.ask.connect(() => {
        calls++;
        return new Promise(() => {});
      });
      far.say(upTo(100_000).map((id) => ({ jsonrpc: '2.0', id, method: 'ask' })));
      await until(() => far.closes.length > 0);
      expect(far.closes[0]).toMatchObject({ code: Code.Busy });
      await turn();
      expect(calls).toBe(1);
    }
  });

  it('over a socket is only paused', async () => {
    await using server = await Spec.serve('tcp://127.0.0.1:0', { concurrency: 2, limits: { queuedCalls: 20 } });
    let open = 0;
    let most = 0;
    server.ask.connect(async (_sender, { n }) => {
      most = Math.max(most, ++open);
      await turn();
      open--;
      return n;
    });
    await using client = await Spec.invert().connect(server.address);
    const text = 'x'.repeat(1_000);
    const answers = await Promise.all(upTo(3_000).map((n) => client.remote.ask({ n, text })));
    expect(answers).toEqual(upTo(3_000));
    expect(most).toBe(2);
  });
});

it('does not stop the queue of another peer when its link ends', async () => {
  const { api, far, started, finish } = await side({ concurrency: 1 });
  ask(far, 1, 3);
  far.receiver.closed();
  await finish();
  await until(() => api.peers.size === 0);
  expect(started).toEqual([1]);
});
