import { describe, expect, it } from 'vitest';
import {
  Code,
  ConnectionLost,
  incoming,
  type Options,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  RpcError,
  type Sender,
  type Stream,
} from '../../src/index.js';
import { BriefTransport, notification, request } from '../support/brief-transport.js';

class Work extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n: number }): Reply<unknown> {}
  @incoming job(_sender: Sender, _args: { n: number }): void {}
  @incoming({ stream: true }) count(_sender: Sender, _args: { to: number }): Stream<number> {}
  @outgoing({ hasReply: true }) back(_to: Receivers, _args: object): Reply<unknown> {}
  @outgoing told(_to: Receivers, _args: object): void {}
}
type Side = Awaited<ReturnType<typeof Work.serve<Work>>>;

async function served(options: Options<Work> = {}): Promise<{ side: Side; way: BriefTransport }> {
  const way = new BriefTransport();
  const side = await Work.serve(way.source, { logger: null, ...options });
  return { side, way };
}

/** A promise, and what settles it. */
function later<T = unknown>(): { promise: Promise<T>; resolve(value?: T): void; reject(error: unknown): void } {
  let resolve!: (value?: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes as (value?: T) => void;
    reject = no;
  });
  return { promise, resolve, reject };
}

describe('a brief link', () => {
  it('is closed without a reason behind the answer to its request', async () => {
    const { side, way } = await served();
    await using _ = side;
    side.ask.connect((_sender, { n }) => n + 1);
    const link = way.ask(request('ask', { n: 1 }));
    expect(await link.closing).toBeUndefined();
    expect(link.answers).toMatchObject([{ result: 2 }]);
    expect(link.log).toEqual(['sent', 'closed']);
  });

  it('is closed within `receive` where no handler is asynchronous, behind the answer', async () => {
    const { side, way } = await served();
    await using _ = side;
    side.job.connect(() => {});
    side.ask.connect((_sender, { n }) => n);
    // From the turn after the side was opened on, what arrives is dispatched at once.
    await way.ask(notification('job', { n: 0 })).closing;
    expect(way.ask(notification('job', { n: 1 })).log).toEqual(['closed']);
    expect(way.ask(request('ask', { n: 1 })).log).toEqual(['sent', 'closed']);
    expect(way.open_.size).toBe(0);
  });

  it('is closed when the promise of a request has settled', async () => {
    const { side, way } = await served();
    await using _ = side;
    const { promise, resolve } = later();
    side.ask.connect(() => promise);
    const link = way.ask(request('ask', { n: 1 }));
    await new Promise((turn) => setImmediate(turn));
    expect(link.isOpen).toBe(true);
    resolve('done');
    expect(await link.closing).toBeUndefined();
    expect(link.answers).toMatchObject([{ result: 'done' }]);
  });

  it('is closed when the handler of a notification has finished, with its promise', async () => {
    const { side, way } = await served();
    await using _ = side;
    const { promise, resolve } = later();
    side.job.connect(() => promise as Promise<void>);
    const link = way.ask(notification('job', { n: 1 }));
    await new Promise((turn) => setImmediate(turn));
    expect(link.isOpen).toBe(true);
    resolve();
    expect(await link.closing).toBeUndefined();
    expect(link.sends).toEqual([]);
  });

  it('is closed with what the handler of a notification has thrown, at once or later', async () => {
    const { side, way } = await served();
    await using _ = side;
    const boom = new Error('boom');
    const disconnect = side.job.connect(() => {
      throw boom;
    });
    expect(await way.ask(notification('job', { n: 1 })).closing).toBe(boom);
    disconnect();
    side.job.connect(() => Promise.reject(boom));
    expect(await way.ask(notification('job', { n: 1 })).closing).toBe(boom);
  });

  it('is closed with what the handler of a request has thrown, behind the error as the answer', async () => {
    const { side, way } = await served();
    await using _ = side;
    const boom = new RpcError('boom', 77);
    side.ask.connect(() => Promise.reject(boom));
    const link = way.ask(request('ask', { n: 1 }));
    expect(await link.closing).toBe(boom);
    expect(link.answers).toMatchObject([{ error: { code: 77, message: 'boom' } }]);
    expect(link.log).toEqual(['sent', 'closed']);
  });

  it('is closed with an error where nobody handles the method, where it is unknown, and where an argument is refused', async () => {
    const { side, way } = await served();
    await using _ = side;
    side.ask.connect(() => 1);
    const codes = async (...frames: object[]): Promise<unknown[]> =>
      Promise.all(frames.map(async (frame) => ((await way.ask(frame).closing) as RpcError | undefined)?.code));
    expect(await codes(notification('job', { n: 1 }), notification('nothing'), request('nothing'))).toEqual([
      Code.MethodNotFound,
      Code.MethodNotFound,
      Code.MethodNotFound,
    ]);
    expect(await codes(request('ask', [1, 2, 3]), notification('job', [1, 2, 3]))).toEqual([
      Code.InvalidParams,
      Code.InvalidParams,
    ]);
  });

  it('is closed without an error where the side ignores what nobody handles', async () => {
    const { side, way } = await served({ ignoreUnhandled: true });
    await using _ = side;
    expect(await way.ask(notification('job', { n: 1 })).closing).toBeUndefined();
    expect(await way.ask(notification('nothing')).closing).toBeUndefined();
  });

  it('is closed with an error where its frame cannot be read, which is answered', async () => {
    const { side, way } = await served();
    await using _ = side;
    const link = way.ask('{"jsonrpc":');
    expect(((await link.closing) as RpcError).code).toBe(Code.ParseError);
    expect(link.answers).toMatchObject([{ error: { code: Code.ParseError } }]);
    const bad = way.ask({ jsonrpc: '2.0', id: 1, method: 5 });
    expect(((await bad.closing) as RpcError).code).toBe(Code.InvalidRequest);
    expect(bad.answers).toMatchObject([{ error: { code: Code.InvalidRequest } }]);
  });

  it('has the answers to a batch in one frame, and the first failure as its reason', async () => {
    const { side, way } = await served();
    await using _ = side;
    const { promise, resolve } = later();
    side.ask.connect((_sender, { n }) => {
      if (n === 2) throw new RpcError('two', 2);
      return n === 1 ? promise : n;
    });
    side.job.connect(() => {});
    const link = way.ask([
      request('ask', { n: 1 }),
      request('ask', { n: 2 }),
      notification('job', { n: 1 }),
      request('ask', { n: 3 }),
    ]);
    await new Promise((turn) => setImmediate(turn));
    expect([link.isOpen, link.sends.length]).toEqual([true, 0]);
    resolve(1);
    expect(await link.closing).toMatchObject({ code: 2 });
    expect(link.answers).toMatchObject([[{ error: { code: 2 } }, { result: 3 }, { result: 1 }]]);
    expect(link.sends.map((frames) => frames.length)).toEqual([1]);
  });

  it('has an answer and its header in one frame', async () => {
    const { side, way } = await served();
    await using _ = side;
    side.ask.connect((sender) => {
      sender.replyMetadata = { from: 'here' };
      return 1;
    });
    const link = way.ask(request('ask', { n: 1 }));
    expect(await link.closing).toBeUndefined();
    expect(link.sends.map((frames) => frames.length)).toEqual([1]);
    expect(link.answers).toMatchObject([[{ method: 'rpc.about' }, { result: 1 }]]);
    const both = way.ask([request('ask', { n: 1 }), request('ask', { n: 2 })]);
    await both.closing;
    expect(both.answers).toMatchObject([
      [{ method: 'rpc.about' }, { result: 1 }, { method: 'rpc.about' }, { result: 1 }],
    ]);
  });

  it('answers a batch in one frame, however large the answers are: those that do not fit are refused', async () => {
    const { side, way } = await served({ limits: { bufferedBytes: 100_000 } });
    await using _ = side;
    side.ask.connect(() => 'x'.repeat(40_000));
    const link = way.ask(Array.from({ length: 5 }, (_each, n) => request('ask', { n })));
    await link.closing;
    expect(link.sends.map((frames) => frames.length)).toEqual([1]);
    const [answers] = link.answers as [{ error?: { code: number } }[]];
    expect(answers.map(({ error }) => error?.code)).toEqual([undefined, undefined, ...Array(3).fill(Code.TooLarge)]);
  });

  it('has one list as the answer of a stream', async () => {
    const { side, way } = await served();
    await using _ = side;
    side.count.connect(async function* (_sender, { to }) {
      for (let n = 0; n < to; n++) yield n;
    });
    const ask = request('count', { to: 3 });
    const about = notification('rpc.about', { call: ask.id, window: [10, 1000] });
    const link = way.ask([about, ask]);
    expect(await link.closing).toBeUndefined();
    expect(link.answers).toMatchObject([[{ result: [0, 1, 2] }]]);
  });

  it('has items of a stream and progress before the answer where it can carry more than answers', async () => {
    const { side, way } = await served();
    await using _ = side;
    side.count.connect(async function* (_sender, { to }) {
      for (let n = 0; n < to; n++) yield n;
    });
    const ask = request('count', { to: 1000 });
    const about = notification('rpc.about', { call: ask.id, window: [10, 1000] });
    const link = way.ask([about, ask], { takes: undefined });
    expect(await link.closing).toBeUndefined();
    const items = link.answers.flatMap((each) => (each as { params?: [unknown, number[]] }).params?.[1] ?? []);
    expect(items).toEqual(Array.from({ length: 1000 }, (_each, n) => n));
    expect(link.answers.at(-1)).toMatchObject([{ result: null }]);
    expect(link.answers.every((each) => JSON.stringify(each).includes('[null,') === false)).toBe(true);
  });

  it('has a sender with what the transport knows, and is no peer of the side', async () => {
    const { side, way } = await served();
    await using _ = side;
    const events: string[] = [];
    side.on('connect', ({ id }) => events.push(`connect ${id}`));
    side.on('disconnect', ({ id }) => events.push(`disconnect ${id}`));
    const { promise, resolve } = later();
    let seen: unknown;
    side.ask.connect((sender) => {
      seen = sender.peer.info;
      return promise;
    });
    const link = way.ask(request('ask', { n: 1 }), { info: { headers: { authorization: 'x' } } });
    await new Promise((turn) => setImmediate(turn));
    expect(seen).toEqual({ headers: { authorization: 'x' } });
    expect([...side.peers.keys()]).toEqual([]);
    side.remote.told({});
    resolve(1);
    await link.closing;
    expect(events).toEqual([]);
    expect(link.answers).toMatchObject([{ result: 1 }]);
    await expect(side.remote.back({})).rejects.toThrow(/^no peer is connected$/);
  });

  it('cannot be asked anything', async () => {
    const { side, way } = await served();
    await using _ = side;
    let failed: unknown;
    side.ask.connect(async (sender) => {
      failed = await side
        .to(sender)
        .back({})
        .catch((error: unknown) => error);
      return 1;
    });
    const link = way.ask(request('ask', { n: 1 }), { takes: undefined });
    expect(await link.closing).toBeUndefined();
    expect(failed).toBeInstanceOf(ConnectionLost);
    expect(link.answers).toMatchObject([{ result: 1 }]);
  });

  it('sends no hello, and answers none', async () => {
    const { side, way } = await served();
    await using _ = side;
    side.ask.connect(() => 1);
    const link = way.ask([notification('rpc.hello', { obverse: 1, codec: 'jrpc' }), request('ask', { n: 1 })], {
      takes: undefined,
    });
    expect(await link.closing).toBeUndefined();
    expect(link.answers).toMatchObject([[{ result: 1 }]]);
  });
});

describe('the end of a brief link', () => {
  it('is ConnectionLost where the side is closed with work left, whose signal aborts', async () => {
    const { side, way } = await served();
    let signal: AbortSignal | undefined;
    side.job.connect((sender) => {
      signal = sender.signal as AbortSignal;
      return new Promise<void>(() => {});
    });
    const link = way.ask(notification('job', { n: 1 }));
    const idle = way.link();
    await new Promise((turn) => setImmediate(turn));
    await side.close();
    expect(await link.closing).toBeInstanceOf(ConnectionLost);
    expect(await idle.closing).toBeInstanceOf(ConnectionLost);
    expect(signal?.aborted).toBe(true);
  });

  it('is ConnectionLost where a handler closes the side before it returns', async () => {
    const { side, way } = await served();
    side.job.connect(() => void side.close());
    expect(await way.ask(notification('job', { n: 1 })).closing).toBeInstanceOf(ConnectionLost);
  });

  it('aborts the signal of the handler where whoever has asked has gone', async () => {
    const { side, way } = await served();
    await using _ = side;
    let signal: AbortSignal | undefined;
    side.ask.connect((sender) => {
      signal = sender.signal as AbortSignal;
      return new Promise(() => {});
    });
    const link = way.ask(request('ask', { n: 1 }));
    await new Promise((turn) => setImmediate(turn));
    expect(signal?.aborted).toBe(false);
    link.abort(new ConnectionLost('the client has gone'));
    expect(signal?.aborted).toBe(true);
  });

  it('comes when the time of its handler is over, whether or not that has ended', async () => {
    const { side, way } = await served({ handlerTimeout: 20 });
    await using _ = side;
    side.ask.connect(() => new Promise(() => {}));
    side.job.connect(() => new Promise<void>(() => {}));
    const link = way.ask(request('ask', { n: 1 }));
    expect((await link.closing)?.message).toMatch(/did not finish in time/);
    expect(link.answers).toMatchObject([{ error: { code: Code.Timeout } }]);
    expect((await way.ask(notification('job', { n: 1 })).closing)?.message).toMatch(/did not finish in time/);
  });

  it('comes by itself while the side drains', async () => {
    const { side, way } = await served();
    const { promise, resolve } = later();
    side.ask.connect(() => promise);
    const link = way.ask(request('ask', { n: 1 }));
    await new Promise((turn) => setImmediate(turn));
    const closed = side.close({ drain: 60_000 });
    await new Promise((turn) => setImmediate(turn));
    expect(link.isOpen).toBe(true);
    resolve(1);
    expect(await link.closing).toBeUndefined();
    await closed;
    expect(link.answers).toMatchObject([{ result: 1 }]);
  });

  it('comes by itself while the transport is changed', async () => {
    const { side, way } = await served();
    await using _ = side;
    const { promise, resolve } = later();
    side.ask.connect(() => promise);
    const link = way.ask(request('ask', { n: 1 }));
    const late = way.link();
    const other = new BriefTransport();
    const changed = side.changeTransport(other.source);
    await new Promise((turn) => setImmediate(turn));
    late.receiver?.receive(JSON.stringify(request('ask', { n: 2 })));
    resolve(1);
    expect([await link.closing, await late.closing]).toEqual([undefined, undefined]);
    await changed;
    expect(await other.ask(request('ask', { n: 1 })).closing).toBeUndefined();
  });

  it('is given back where a frame comes that nobody can serve any more', async () => {
    const { side, way } = await served();
    await using _ = side;
    const link = way.link();
    link.receiver?.inputEnded?.();
    expect(await link.closing).toBeInstanceOf(ConnectionLost);
  });
});

describe('what arrives over brief links before the side is open', () => {
  it('waits for the turn after open', async () => {
    const way = new BriefTransport();
    let link: ReturnType<BriefTransport['ask']> | undefined;
    const side = await Work.serve(
      async () => ({
        address: 'brief:',
        async open(accept) {
          await way.open(accept);
          link = way.ask(request('ask', { n: 1 }));
        },
        close: () => way.close(),
      }),
      { logger: null },
    );
    await using _ = side;
    side.ask.connect(() => 'served');
    expect(await link?.closing).toBeUndefined();
    expect(link?.answers).toMatchObject([{ result: 'served' }]);
  });
});
