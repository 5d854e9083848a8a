import { stopClock } from 'obverse/testing';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type Inverted,
  incoming,
  type LogEntry,
  namespace,
  type Options,
  RemoteAPI,
  type Reply,
  type Sender,
  type Side,
  TimeoutError,
  UsageError,
} from '../../src/index.js';
import { RawClient } from '../support/core-raw.js';
import { until } from '../support/core-waiting.js';
import { listening } from './stranger.js';

class Room extends RemoteAPI {
  @incoming({ hasReply: true }) tags(_sender: Sender): Reply<unknown> {}
  @incoming({ hasReply: true, defaults: { metadata: { method: 1, who: 'method' } } }) marked(
    _s: Sender,
  ): Reply<unknown> {}
}

class Inner extends RemoteAPI {
  @incoming({ hasReply: true, timeout: 30 }) hasty(_sender: Sender): Reply<void> {}
  @incoming({ hasReply: true }) plain(_sender: Sender): Reply<void> {}
}

class Desk extends RemoteAPI {
  readonly room = namespace(Room, { defaults: { metadata: { namespace: 1, who: 'namespace' } } });
  @incoming({ hasReply: true }) tags(_sender: Sender): Reply<unknown> {}
  @incoming({ hasReply: true }) left(_sender: Sender): Reply<number> {}
  @incoming({ hasReply: true, timeout: 600 }) hasty(_sender: Sender): Reply<number> {}
  @incoming({ hasReply: true }) hang(_sender: Sender): Reply<void> {}
  @incoming({ hasReply: true }) steps(_sender: Sender): Reply<string, number> {}
  @incoming told(_sender: Sender, _args: { text: string }): void {}
}

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((side) => side.close()));
});

async function sides(
  ofClient: Options = {},
  ofServer: Options = {},
): Promise<{ server: Side<Desk>; client: Side<Inverted<Desk>> }> {
  const server = await Desk.serve('tcp://127.0.0.1:0', { logger: null, ...ofServer });
  const client = await Desk.invert().connect(server.address, { logger: null, ...ofClient });
  open.push(client, server);
  const tags = (sender: Sender): unknown => sender.metadata;
  server.tags.connect(tags);
  server.room.tags.connect(tags);
  server.room.marked.connect(tags);
  server.left.connect((sender) => sender.timeLeft);
  server.hasty.connect((sender) => sender.timeLeft);
  server.hang.connect(() => new Promise(() => {}));
  return { server, client };
}

describe('options of a call', () => {
  it('apply in the order call, view, method, namespace, side, and metadata is merged', async () => {
    const { client } = await sides({ defaults: { metadata: { side: 1, who: 'side' } } });
    expect(await client.tags(null)).toEqual({ side: 1, who: 'side' });
    expect(await client.room.tags(null)).toEqual({ side: 1, namespace: 1, who: 'namespace' });
    expect(await client.room.marked(null)).toEqual({ side: 1, namespace: 1, method: 1, who: 'method' });
    const view = client.with({ metadata: { view: 1, who: 'view' } });
    expect(await view.room.marked(null)).toEqual({ side: 1, namespace: 1, method: 1, view: 1, who: 'view' });
    expect(await view.room.to(null, { metadata: { who: 'call' } }).tags()).toMatchObject({ view: 1, who: 'call' });
    expect(await view.with({ metadata: { more: 1 } }).remote.tags()).toMatchObject({ view: 1, more: 1 });
    expect(await client.remote.tags()).toEqual({ side: 1, who: 'side' });
  });

  it('send the time limit of a call to the handler, but not the default of a side', async () => {
    const { client } = await sides({ timeout: 5_000 });
    using _clock = stopClock();
    expect(await client.left(null)).toBe(null);
    expect(await client.to(null, { timeout: 1_000 }).left()).toBe(1_000);
    expect(await client.hasty(null)).toBe(600);
    expect(await client.to(null, { timeout: 9_000 }).hasty()).toBe(9_000);
  });

  it('of a view share the connection, the peers and the handlers', async () => {
    const { server, client } = await sides();
    const view = client.with({ timeout: 30 });
    expect(view.peers).toBe(client.peers);
    await expect(view.hang(null)).rejects.toThrow(TimeoutError);
    await expect(view.remote.hang()).rejects.toThrow(TimeoutError);
    expect(await view.gather(null).left()).toMatchObject([{ status: 'fulfilled' }]);
    expect(server.peers.size).toBe(1);
  });

  it.each([
    [{ tiemout: 5 }, 'unknown option "tiemout" of a call'],
    [{ signal: {} }, 'the option "signal" of a call must be an AbortSignal'],
    [{ metadata: [] }, 'the option "metadata" of a call must be an object of data'],
    [{ onProgress: 1 }, 'the option "onProgress" of a call must be a function'],
    [{ signal: null }, 'the option "signal" of a call must be an AbortSignal'],
    [{ metadata: null }, 'the option "metadata" of a call must be an object of data'],
    [{ noReply: 'yes' }, 'the option "noReply" of a call must be true or false'],
    [{ ignoreErrors: 1 }, 'the option "ignoreErrors" of a call must be true or false'],
    [{ slow: 'drop-oldest', keep: -1 }, 'the option "keep" of a call must be a whole number'],
    [{ slow: 'close', slowBytes: 0 }, 'the option "slowBytes" of a call must be a positive number'],
    [{ toString: 1 }, 'unknown option "toString" of a call'],
    [{ within: {} }, 'the option "within" of a call must be the sender'],
    [{ maxTimeout: 0 }, 'the option "maxTimeout" of a call must be a positive number'],
  ])('are refused if invalid: %j', async (options, text) => {
    const { client } = await sides();
    expect(() => client.to(null, options as object)).toThrow(UsageError);
    expect(() => client.to(null, options as object)).toThrow(text);
    expect(() => client.with(options as object)).toThrow(text);
    expect(() => Desk.create({ defaults: options as object })).toThrow(text);
    expect(() => namespace(Room, { defaults: options as object })).toThrow(text);
  });
});

describe('options of a call that are not an object', () => {
  it('are refused', async () => {
    const { client } = await sides();
    for (const none of [5, null, 'timeout'] as unknown as object[]) {
      expect(() => client.to(null, none)).toThrow(UsageError);
      expect(() => client.to(null, none)).toThrow(
        `the options of a call must be an object, as in { timeout: 1_000 }, not ${JSON.stringify(none)}`,
      );
    }
  });

  it('are accepted if undefined, as is an undefined option: the next level applies', async () => {
    const { client } = await sides({ defaults: { metadata: { side: 1 }, timeout: 2_000 } });
    const none = { timeout: undefined, metadata: undefined, signal: undefined } as object;
    expect(await client.to(null, none).tags()).toEqual({ side: 1 });
    const left = await client.with({ timeout: 9_000 }).to(null, none).left();
    expect(left).toBeGreaterThan(3_000);
  });
});

describe('the timeout of a call', () => {
  class Timed extends RemoteAPI {
    readonly room = namespace(Inner, { defaults: { timeout: 9_000 } });
    @incoming({ hasReply: true, timeout: 30 }) hasty(_sender: Sender): Reply<void> {}
  }

  it('comes from the decorator rather than the side, and neither is sent to the peer', async () => {
    const { address, come } = await listening('jrpc');
    // A test that waited for the timeout of the side would never end.
    const client = await Timed.invert().connect(address, {
      logger: null,
      codec: 'jrpc?hello=on',
      timeout: Number.POSITIVE_INFINITY,
    });
    open.push(client);
    const plainPeer = await come;
    plainPeer.served.hasty = () => new Promise(() => {});
    await expect(client.to(null, { metadata: { a: 1 } }).hasty()).rejects.toThrow(TimeoutError);
    await until(() => plainPeer.seen.length === 4);
    expect(plainPeer.seen.slice(1, 3)).toEqual([
      { method: 'rpc.about', params: { call: 1, metadata: { a: 1 } } },
      { id: 1, method: 'hasty' },
    ]);
  });

  it('comes from the call, the namespace, the decorator or the defaults of the side, in this order', async () => {
    const { address, come } = await listening('jrpc');
    const client = await Timed.invert().connect(address, { logger: null, defaults: { timeout: 8_000 } });
    open.push(client);
    const plainPeer = await come;
    const timeouts = async (count: number): Promise<unknown[]> => {
      const abouts = () => plainPeer.seen.filter(({ method }) => method === 'rpc.about');
      await until(() => abouts().length === count);
      return abouts().map(({ params }) => (params as { timeout: number }).timeout);
    };
    const calls = [
      client.to(null, { timeout: 7_000 }).room.hasty(),
      client.room.hasty(null),
      client.hasty(null),
      client.room.plain(null),
    ];
    const ended = Promise.allSettled(calls);
    expect(await timeouts(4)).toEqual([7_000, 9_000, 30, 9_000]);
    await client.close();
    expect((await ended).every(({ status }) => status === 'rejected')).toBe(true);
  });
});

describe('a pending call', () => {
  it('is listed with its id, its method, its peer and its start', async () => {
    const { client } = await sides();
    using clock = stopClock();
    const before = Date.now();
    const call = client.to(null, { timeout: 200 }).hang();
    const [pending, ...more] = client.pendingCalls();
    expect(more).toEqual([]);
    expect(pending).toMatchObject({ method: 'hang', id: 1, peer: { id: [...client.peers.keys()][0] } });
    // These are two clocks.
    expect(Math.abs((pending?.since ?? 0) - before)).toBeLessThan(60_000);
    expect(pending?.elapsed).toBe(0);
    await clock.turn(150);
    expect(client.pendingCalls()[0]?.elapsed).toBe(150);
    const later = client.to(null, { timeout: 200 }).hang();
    expect(client.pendingCalls().map(({ id }) => id)).toEqual([1, 2]);
    const ends = [expect(call).rejects.toThrow(TimeoutError), expect(later).rejects.toThrow(TimeoutError)];
    await clock.turn(200);
    await Promise.all(ends);
    expect(client.pendingCalls()).toEqual([]);
  });
});

describe('a request to several', () => {
  it('cancels the remaining calls once one peer has answered', async () => {
    class Asker extends Desk {}
    const server = await Asker.invert().serve('tcp://127.0.0.1:0', { logger: null });
    open.push(server);
    const reasons: unknown[] = [];
    for (const answers of [false, true]) {
      const peer = await Asker.connect(server.address, { logger: null });
      open.push(peer);
      peer.steps.connect(
        answers
          ? () => 'quick'
          : (sender) =>
              new Promise(() => sender.signal.addEventListener('abort', () => reasons.push(sender.signal.reason))),
      );
    }
    await until(() => server.peers.size === 2);
    expect(await server.steps(null)).toBe('quick');
    await until(() => reasons.length === 1);
    expect(reasons[0]).toMatchObject({
      name: 'Aborted',
      message: expect.stringContaining('another receiver has answered'),
    });
    expect(server.pendingCalls()).toEqual([]);
  });
});

describe('the deadline of a call', () => {
  it('ends with the call: what the handler has started continues', async () => {
    const { server, client } = await sides();
    let later: Promise<unknown> | undefined;
    server.steps.connect(() => {
      later = new Promise((resolve) => setTimeout(resolve, 80)).then(() => client.tags(null));
      return 'done';
    });
    expect(await client.to(null, { timeout: 50 }).steps()).toBe('done');
    expect(await later).toEqual({});
  });

  it('is renewed by progress without a listener', async () => {
    const { server, client } = await sides();
    server.steps.connect(async (sender) => {
      for (let n = 0; n < 6; n++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        sender.progress(n);
      }
      return 'done';
    });
    expect(await client.to(null, { timeout: 150, maxTimeout: 30_000 }).steps()).toBe('done');
  });
});

describe('a handler that exceeds its time limit', () => {
  it('has its signal aborted, and its caller receives a TimeoutError', async () => {
    const { server, client } = await sides({}, { handlerTimeout: 40 });
    let reason: unknown;
    server.steps.connect(
      (sender) =>
        new Promise((_, reject) =>
          sender.signal.addEventListener('abort', () => {
            reason = sender.signal.reason;
            reject(reason);
          }),
        ),
    );
    await expect(client.steps(null)).rejects.toMatchObject({
      name: 'TimeoutError',
      message: 'steps did not finish in time',
    });
    expect(reason).toBeInstanceOf(TimeoutError);
  });

  it('is answered although it continues, and keeps its place among the running calls', async () => {
    const { server, client } = await sides({}, { handlerTimeout: 40, concurrency: 1 });
    const ends: ((text: string) => void)[] = [];
    server.steps.connect(() => new Promise((resolve) => ends.push(resolve)));
    await expect(client.steps(null)).rejects.toThrow(TimeoutError);
    const second = client.steps(null);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(ends.length).toBe(1);
    ends[0]?.('too late');
    await until(() => ends.length === 2);
    ends[1]?.('in time');
    expect(await second).toBe('in time');
  });
});

describe('a peer that is not Obverse', () => {
  it('receives metadata and the time limit in a message that it may ignore', async () => {
    const { server } = await sides();
    using client = await RawClient.connect(server.address);
    client.write(
      { jsonrpc: '2.0', method: 'rpc.about', params: { call: 7, metadata: { a: 1 }, timeout: 1_000, unknown: true } },
      { jsonrpc: '2.0', id: 7, method: 'tags' },
      { jsonrpc: '2.0', id: 8, method: 'tags' },
    );
    expect(await client.answers(2)).toMatchObject([
      { id: 7, result: { a: 1 } },
      { id: 8, result: {} },
    ]);
  });

  it.each([
    { call: 9, metadata: 5 },
    { call: 9, timeout: -1 },
    { call: 9, timeout: 'soon', progress: 'yes', window: [0, 0], tagged: 'no' },
    {},
    { answer: {} },
    { call: 1 },
  ])('has no effect with rpc.about of %j', async (about) => {
    const { server } = await sides();
    using client = await RawClient.connect(server.address);
    client.write({ jsonrpc: '2.0', method: 'rpc.about', params: about }, { jsonrpc: '2.0', id: 9, method: 'tags' });
    expect(await client.answers(1)).toMatchObject([{ id: 9, result: {} }]);
  });
});

describe('progress', () => {
  it('is not sent to a caller without onProgress, nor after the result', async () => {
    const { server, client } = await sides();
    let late: () => void = () => {};
    server.steps.connect((sender) => {
      expect(sender.wantsProgress).toBe(false);
      sender.progress(1);
      late = () => sender.progress(2);
      return 'done';
    });
    using raw = await RawClient.connect(server.address);
    raw.write({ jsonrpc: '2.0', id: 1, method: 'steps' });
    await raw.answers(1);
    late();
    raw.write({ jsonrpc: '2.0', id: 2, method: 'tags' });
    expect(await raw.answers(2)).toMatchObject([{ id: 1 }, { id: 2 }]);
    const told: unknown[] = [];
    server.steps.disconnect(() => '');
    expect(await client.to(null, { onProgress: (n: unknown) => told.push(n) }).left()).toBe(null);
    expect(told).toEqual([]);
  });

  it('that the caller cannot decode is reported, and the call continues', async () => {
    const told: unknown[] = [];
    const { server, client } = await sides({ logger: { warn: (...line) => told.push(line), error: () => {} } });
    server.steps.connect((sender) => {
      for (let n = 0; n < 3; n++) sender.progress(n);
      return 'done';
    });
    const onProgress = (n: number): void => {
      if (n === 1) throw new Error('no more');
    };
    expect(await client.to(null, { onProgress }).steps()).toBe('done');
    expect(told.length).toBe(1);
  });
});

it('an onProgress that throws or rejects is reported, and its call continues', async () => {
  const told: unknown[] = [];
  const logger = { log: ({ error }: LogEntry) => void told.push(error) };
  const { server, client } = await sides({ logger });
  server.steps.connect((sender) => {
    sender.progress(1);
    sender.progress(2);
    return 'done';
  });
  const thrown = new Error('thrown');
  const rejected = new Error('rejected');
  const onProgress = (n: number): Promise<void> => {
    if (n === 1) throw thrown;
    return Promise.reject(rejected);
  };
  expect(await client.to(null, { onProgress }).steps()).toBe('done');
  await until(() => told.length === 2);
  expect(told).toEqual([thrown, rejected]);
});
