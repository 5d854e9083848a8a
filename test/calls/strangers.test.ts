import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  Aborted,
  incoming,
  type Options,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Side,
  TimeoutError,
} from '../../src/index.js';
import { Log, until } from '../support/core-waiting.js';
import { dialing, listening, type PlainPeer, type Seen } from './stranger.js';

/*
 * Two peers that implement none of the extensions, JSON-RPC 2.0 and MessagePack-RPC by hand over bare sockets: the plain
 * protocol works with them in both directions whatever options the calls have, and they receive only what docs/wire.md specifies.
 */

/** Both directions; the peer connects to the side, and the side connects to the peer. */
class Talk extends RemoteAPI {
  @incoming({ hasReply: true }) add(_sender: Sender, _args: { a: number; b: number }): Reply<number> {}
  @incoming({ hasReply: true }) extras(_sender: Sender): Reply<object, number> {}
  @incoming({ hasReply: true }) hang(_sender: Sender): Reply<never> {}
  @incoming tell(_sender: Sender, _args: { text: string }): void {}
  @outgoing({ hasReply: true }) double(_to: Receivers, _args: { n: number }): Reply<number, number> {}
  @outgoing({ hasReply: true }) brood(_to: Receivers): Reply<number> {}
  @outgoing told(_to: Receivers, _args: { text: string }): void {}
}

interface Meeting {
  readonly side: Side<Talk>;
  readonly plainPeer: PlainPeer;
  readonly log: Log;
  /** What the peer has received, without the hello of a side that connects. */
  seen(): readonly Seen[];
}

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((side) => side.close()));
});

async function meet(codec: string, who: string, options: Options = {}): Promise<Meeting> {
  const log = new Log();
  // A peer that is not Obverse may have ended only its own direction: its calls are aborted after `lingerMs`.
  const limits = { lingerMs: 200, ...options.limits };
  const all: Options = { logger: log, ...options, limits, codec: options.codec ?? codec };
  if (who === 'the peer') {
    const side = await Talk.serve('tcp://127.0.0.1:0', all);
    open.push(side);
    const plainPeer = await dialing(side.address, codec);
    await until(() => side.peers.size === 1);
    return { side, plainPeer, log, seen: () => plainPeer.seen };
  }
  const { address, come } = await listening(codec);
  const side = await Talk.connect(address, all);
  open.push(side);
  const plainPeer = await come;
  const greets = all.codec === codec;
  return {
    side,
    plainPeer,
    log,
    seen: () => {
      if (!greets) return plainPeer.seen;
      expect(plainPeer.seen[0] ?? hello(codec)).toEqual(hello(codec));
      return plainPeer.seen.slice(1);
    },
  };
}

const hello = (codec: string): Seen => ({ method: 'rpc.hello', params: { obverse: 1, codec, beat: 15_000 } });

const ways = ['jrpc', 'msgpack'].flatMap((codec) => ['the peer', 'Obverse'].map((who) => ({ codec, who })));

describe.each(ways)('a peer that is not Obverse, over $codec, where $who connects,', ({ codec, who }) => {
  let meeting: Meeting;
  beforeEach(async () => {
    meeting = await meet(codec, who);
  });

  it('calls and notifies, and receives only the answers', async () => {
    const { side, plainPeer, seen, log } = meeting;
    const texts: string[] = [];
    side.add.connect((_sender, { a, b }) => a + b);
    side.tell.connect((sender, { text }) => {
      texts.push(text);
      side.told(sender, { text: 'heard' });
    });
    expect(await plainPeer.call('add', { a: 2, b: 40 })).toEqual({ id: 101, result: 42 });
    plainPeer.notify('tell', { text: 'hi' });
    expect(await plainPeer.call('add', { a: 1, b: 1 })).toEqual({ id: 102, result: 2 });
    expect(texts).toEqual(['hi']);
    expect(seen()).toEqual([
      { id: 101, result: 42 },
      { method: 'told', params: { text: 'heard' } },
      { id: 102, result: 2 },
    ]);
    expect(log.texts).toEqual([]);
  });

  it('is served by handlers that use everything that a call may have', async () => {
    const { side, plainPeer, seen } = meeting;
    const after: string[] = [];
    side.extras.connect((sender) => {
      sender.progress(50);
      sender.afterReply(() => after.push('after'));
      const { metadata, timeLeft, wantsProgress, signal } = sender;
      return { metadata, timeLeft: String(timeLeft), wantsProgress, aborted: signal.aborted };
    });
    const result = { metadata: {}, timeLeft: 'Infinity', wantsProgress: false, aborted: false };
    expect(await plainPeer.call('extras')).toEqual({ id: 101, result });
    expect(seen()).toEqual([{ id: 101, result }]);
    expect(after).toEqual(['after']);
  });

  it('receives the metadata of its answer in a notification before the answer', async () => {
    const { side, plainPeer, seen } = meeting;
    side.extras.connect((sender) => {
      sender.replyMetadata = { cached: true };
      return {};
    });
    expect(await plainPeer.call('extras')).toEqual({ id: 101, result: {} });
    expect(seen()).toEqual([
      { method: 'rpc.about', params: { answer: 101, metadata: { cached: true } } },
      { id: 101, result: {} },
    ]);
  });

  it('receives metadata, the time limit and a request for progress before the call, and no call fails for it', async () => {
    const { side, plainPeer, seen, log } = meeting;
    plainPeer.served.double = (params) => (params as { n: number }).n * 2;
    const told: unknown[] = [];
    const metadata = { trace: 'a1' };
    const view = side.to(null, { metadata, timeout: 5_000, onProgress: (n: number) => told.push(n) });
    expect(await view.double({ n: 21 })).toBe(42);
    expect(await view.detailed.double({ n: 4 })).toEqual({ value: 8, metadata: {} });
    const about = { method: 'rpc.about', params: { call: 1, timeout: 5_000, metadata, progress: true } };
    expect(seen()).toEqual([
      about,
      { id: 1, method: 'double', params: { n: 21 } },
      about,
      { id: 1, method: 'double', params: { n: 4 } },
    ]);
    expect(told).toEqual([]);
    expect(log.texts).toEqual([]);
  });

  it('receives nothing of the timeout of a side, of a signal, and of other local options', async () => {
    const { side, plainPeer, seen } = meeting;
    plainPeer.served.double = (params) => (params as { n: number }).n * 2;
    expect(await side.double(null, { n: 1 })).toBe(2);
    const { signal } = new AbortController();
    expect(await side.to(null, { signal, ignoreErrors: true }).double({ n: 2 })).toBe(4);
    expect(await side.to(null, { timeout: Number.POSITIVE_INFINITY }).double({ n: 3 })).toBe(6);
    expect(await side.to(null, { noReply: true }).double({ n: 4 })).toBe(undefined);
    await until(() => seen().length === 4);
    expect(seen()).toEqual([
      { id: 1, method: 'double', params: { n: 1 } },
      { id: 1, method: 'double', params: { n: 2 } },
      { id: 1, method: 'double', params: { n: 3 } },
      { method: 'double', params: { n: 4 } },
    ]);
  });

  it('receives metadata before a notification', async () => {
    const { side, seen } = meeting;
    side.to(null, { metadata: { trace: 'a2' } }).told({ text: 'hi' });
    await side.to(null, { noReply: true, metadata: { trace: 'a3' }, timeout: 1_000 }).brood();
    await until(() => seen().length === 4);
    expect(seen()).toEqual([
      { method: 'rpc.about', params: { call: null, metadata: { trace: 'a2' } } },
      { method: 'told', params: { text: 'hi' } },
      { method: 'rpc.about', params: { call: null, timeout: 1_000, metadata: { trace: 'a3' } } },
      { method: 'brood' },
    ]);
  });

  it('may answer a cancelled call, and the answer is ignored', async () => {
    const { side, plainPeer, seen, log } = meeting;
    const ends: ((n: number) => void)[] = [];
    plainPeer.served.brood = () => new Promise((resolve) => ends.push(resolve));
    plainPeer.served.double = () => 0;
    const gone = new AbortController();
    const asked = side.to(null, { signal: gone.signal }).brood();
    await until(() => ends.length === 1);
    gone.abort(new Error('nobody looks'));
    await expect(asked).rejects.toThrow(Aborted);
    await until(() => seen().length === 2);
    ends[0]?.(5);
    expect(await side.double(null, { n: 0 })).toBe(0);
    expect(seen()).toEqual([
      { id: 1, method: 'brood' },
      { method: 'rpc.cancel', params: [1, 'the call was cancelled: nobody looks'] },
      // The id is not used again at once: an answer to the old call matches no call.
      { id: 1 + 65_536, method: 'double', params: { n: 0 } },
    ]);
    expect(log.texts).toEqual([]);
  });

  it('does not answer in time: the call rejects, and the peer receives rpc.cancel', async () => {
    const { side, plainPeer, seen, log } = meeting;
    const ends: ((n: number) => void)[] = [];
    plainPeer.served.brood = () => new Promise((resolve) => ends.push(resolve));
    plainPeer.served.double = () => 0;
    await expect(side.to(null, { timeout: 30 }).brood()).rejects.toThrow(TimeoutError);
    await until(() => seen().length === 3);
    expect(seen()).toEqual([
      { method: 'rpc.about', params: { call: 1, timeout: 30 } },
      { id: 1, method: 'brood' },
      { method: 'rpc.cancel', params: [1] },
    ]);
    ends[0]?.(5);
    expect(await side.double(null, { n: 0 })).toBe(0);
    expect(log.texts).toEqual([]);
  });

  it('receives an error when a handler exceeds its time limit, and can call again', async () => {
    const { side, plainPeer } = await meet(codec, who, { handlerTimeout: 30 });
    const reasons: unknown[] = [];
    side.hang.connect(
      (sender) =>
        new Promise((_, reject) => {
          sender.signal.addEventListener('abort', () => {
            reasons.push(sender.signal.reason);
            reject(new Error('this goes nowhere'));
          });
        }),
    );
    side.add.connect((_sender, { a, b }) => a + b);
    expect(await plainPeer.call('hang')).toEqual({
      id: 101,
      error: { code: -32_011, message: 'hang did not finish in time' },
    });
    expect(reasons).toEqual([expect.any(TimeoutError)]);
    expect(await plainPeer.call('add', { a: 2, b: 3 })).toEqual({ id: 102, result: 5 });
    expect(plainPeer.seen.filter(({ id }) => id === 101)).toHaveLength(1);
  });

  it('disconnects, and the signal of the handler aborts', async () => {
    const { side, plainPeer } = meeting;
    let reason: unknown;
    let begun = false;
    side.hang.connect((sender) => {
      begun = true;
      sender.signal.addEventListener('abort', () => (reason = sender.signal.reason));
      return new Promise(() => {});
    });
    void plainPeer.call('hang');
    await until(() => begun);
    plainPeer.socket.destroy();
    await until(() => reason !== undefined);
    expect(reason).toMatchObject({ name: 'ConnectionLost' });
  });

  it('may implement a single extension by hand', async () => {
    const { side, plainPeer, seen } = meeting;
    let n = 0;
    side.extras.connect((sender) => {
      for (n = 1; n <= 2; n++) sender.progress(n);
      return { ...sender.metadata };
    });
    side.hang.connect(
      (sender) =>
        new Promise((_, reject) => sender.signal.addEventListener('abort', () => reject(sender.signal.reason))),
    );
    plainPeer.notify('rpc.about', { call: 101, metadata: { a: 1 }, progress: true });
    expect(await plainPeer.call('extras')).toEqual({ id: 101, result: { a: 1 } });
    const asked = plainPeer.call('hang');
    plainPeer.notify('rpc.cancel', [102, 'no use']);
    expect(await asked).toEqual({
      id: 102,
      error: { code: -32_012, message: 'the caller cancelled the call: no use' },
    });
    expect(seen().slice(0, 3)).toEqual([
      { method: 'rpc.progress', params: [101, 1] },
      { method: 'rpc.progress', params: [101, 2] },
      { id: 101, result: { a: 1 } },
    ]);
    const told: number[] = [];
    plainPeer.served.double = (params) => {
      plainPeer.notify('rpc.progress', [1, 50]);
      return (params as { n: number }).n;
    };
    expect(await side.to(null, { onProgress: (value: number) => told.push(value) }).double({ n: 1 })).toBe(1);
    expect(told).toEqual([50]);
  });

  it('that fails on unknown notifications receives none with hello=off, and options still apply on this side', async () => {
    const { side, plainPeer, seen } = await meet(codec, who, { codec: `${codec}?hello=off` });
    plainPeer.served.double = (params) => (params as { n: number }).n * 2;
    plainPeer.served.brood = () => new Promise(() => {});
    side.extras.connect((sender) => {
      sender.replyMetadata = { cached: true };
      return {};
    });
    const options = { metadata: { a: 1 }, timeout: 5_000, onProgress: () => {} };
    expect(await side.to(null, options).double({ n: 3 })).toBe(6);
    expect(await plainPeer.call('extras')).toEqual({ id: 101, result: {} });
    await expect(side.to(null, { signal: AbortSignal.timeout(20) }).brood()).rejects.toThrow(Aborted);
    await expect(side.to(null, { timeout: 20 }).brood()).rejects.toThrow(TimeoutError);
    expect(await side.double(null, { n: 4 })).toBe(8);
    expect(seen().filter(({ method }) => method?.startsWith('rpc.'))).toEqual([]);
  });
});
