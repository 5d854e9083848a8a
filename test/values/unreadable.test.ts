import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  Code,
  incoming,
  outgoing,
  type Peer,
  type Receivers,
  RemoteAPI,
  RemoteError,
  type Reply,
  type Sender,
  type Stream,
} from '../../src/index.js';

/*
 * What a handler returns, throws or passes may itself throw when it is inspected: a proxy, a getter. One call fails
 * with it.
 */

let troubles: unknown[] = [];

class Shop extends RemoteAPI {
  @incoming({ hasReply: true }) give(_sender: Sender, _args: { what: string }): Reply<unknown> {}
  @incoming({ hasReply: true }) later(_sender: Sender, _args: { what: string }): Reply<unknown> {}
  @incoming({ hasReply: true }) fail(_sender: Sender, _args: { what: string }): Reply<unknown> {}
  @incoming({ hasReply: true }) plain(_sender: Sender, _args: { n: number }): Reply<number> {}
  @incoming note(_sender: Sender, _args: { what: string }): void {}
  @incoming({ hasReply: true }) call(_sender: Sender, _args: { back: (what: string) => unknown }): Reply<unknown> {}
  @incoming({ stream: true }) source(_sender: Sender, _args: { what: string }): Stream<unknown> {}
  @incoming({ stream: true }) items(_sender: Sender, _args: { what: string }): Stream<unknown> {}
  @outgoing({ hasReply: true }) ask(_to: Receivers, _args: { value: unknown }): Reply<unknown> {}
  protected override onMessageError(_peer: Peer, error: unknown): void {
    troubles.push(error);
  }
}

const thrown = (): never => {
  throw new RangeError('looked at');
};

function revoked(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** Values that cannot be inspected without an error, by name. */
const hostile: Readonly<Record<string, () => unknown>> = {
  'a revoked proxy': () => revoked({}),
  'a revoked proxy of a list': () => revoked([]),
  'a getter `then` that throws': () => Object.defineProperty({}, 'then', { get: thrown, enumerable: true }),
  'a hidden getter `then` that throws': () => Object.defineProperty({}, 'then', { get: thrown }),
  'a getter `then` of a class that throws': () =>
    new (class {
      // biome-ignore lint/suspicious/noThenProperty: the fault that is looked for
      get then() {
        return thrown();
      }
    })(),
  'a `toJSON` that throws': () => ({ toJSON: thrown }),
  'a field that throws': () => Object.defineProperty({}, 'a', { get: thrown, enumerable: true }),
  'a proxy whose keys throw': () => new Proxy({}, { ownKeys: thrown }),
  'a proxy whose prototype throws': () => new Proxy({}, { getPrototypeOf: thrown }),
  'a proxy whose fields throw': () => new Proxy({ a: 1 }, { get: thrown }),
};
const names = Object.keys(hostile);
const made = (what: string): unknown => (hostile[what] as () => unknown)();

const ways = [
  ['memory:unreadable', 'clone'],
  ['ws://127.0.0.1:0', 'jrpc'],
  ['tcp://127.0.0.1:0', 'msgpack'],
] as const;

describe('one call fails with what its handler returns', () => {
  const codec = 'msgpack';
  const quiet = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

  it('if an interceptor returns it', async () => {
    const shop = await Shop.serve('tcp://127.0.0.1:0', { codec });
    shop.plain.connect((_sender, { n }) => n);
    shop.use((call, next) => (call.path === 'plain' && (call.args[0] as { n: number }).n < 0 ? revoked({}) : next()));
    const client = await Shop.invert().connect(shop.address, { codec, timeout: 2_000 });
    const calls = [1, -1, 2].map((n) => client.remote.plain({ n }));
    const [first, error, last] = await Promise.all(calls.map((call) => call.catch((failure: unknown) => failure)));
    expect([first, last]).toEqual([1, 2]);
    expect((error as RemoteError).code).toBe(Code.InternalError);
    await client.close();
    await shop.close();
  });

  it('if it is a proxy of a promise, which no `then` fits', async () => {
    const shop = await Shop.serve('tcp://127.0.0.1:0', { codec });
    shop.plain.connect((_sender, { n }) => (n < 0 ? (new Proxy(Promise.resolve(1), {}) as Promise<number>) : n));
    const client = await Shop.invert().connect(shop.address, { codec, timeout: 2_000 });
    const calls = [1, -1, 2].map((n) => client.remote.plain({ n }));
    const [first, error, last] = await Promise.all(calls.map((call) => call.catch((failure: unknown) => failure)));
    expect([first, last]).toEqual([1, 2]);
    expect(error).toBeInstanceOf(Error);
    expect((error as RemoteError).code).toBe(Code.Application);
    await client.close();
    await shop.close();
  });

  it('if the logger throws', async () => {
    const logger = { ...quiet, warn: thrown, error: thrown };
    const shop = await Shop.serve('tcp://127.0.0.1:0', { codec, logger, logErrors: true });
    shop.plain.connect((_sender, { n }) => {
      if (n < 0) throw new RangeError('below');
      return n;
    });
    const client = await Shop.invert().connect(shop.address, { codec, timeout: 2_000 });
    const calls = [1, -1, 2].map((n) => client.remote.plain({ n }));
    const [first, error, last] = await Promise.all(calls.map((call) => call.catch((failure: unknown) => failure)));
    expect([first, last]).toEqual([1, 2]);
    expect((error as Error).message).toBe('below');
    await client.close();
    await shop.close();
  });
});

describe.each(ways)('over %s in %s, one call fails with an unreadable value', (url, codec) => {
  let shop: Awaited<ReturnType<typeof open>>[0];
  let client: Awaited<ReturnType<typeof open>>[1];

  async function open() {
    const served = await Shop.serve(url, { codec });
    served.give.connect((_sender, { what }) => made(what));
    served.later.connect(async (_sender, { what }) => made(what));
    served.fail.connect((_sender, { what }) => {
      throw made(what);
    });
    served.plain.connect((_sender, { n }) => n);
    served.note.connect((_sender, { what }) => made(what) as undefined);
    served.call.connect((_sender, { back }) => back('anything'));
    served.source.connect((_sender, { what }) => made(what) as Iterable<unknown>);
    served.items.connect((_sender, { what }) => ['first', made(what)]);
    const dialed = await Shop.invert().connect(served.address, { codec, timeout: 2_000 });
    return [served, dialed] as const;
  }

  beforeEach(async () => {
    troubles = [];
    [shop, client] = await open();
    await client.remote.plain({ n: 0 });
  });
  afterEach(async () => {
    await client.close();
    await shop.close();
  });

  /** JSON does not inspect prototypes. */
  const travels = (what: string): boolean => codec === 'jrpc' && what === 'a proxy whose prototype throws';

  /** Makes a call between two others that are sent in the same frame. Returns the result of each. */
  async function among(call: () => Promise<unknown>): Promise<unknown> {
    const before = client.remote.plain({ n: 1 });
    const middle = call();
    const behind = client.remote.plain({ n: 2 });
    const outcome = await middle.then(
      (value) => ({ value }),
      (error: unknown) => error,
    );
    expect(await Promise.all([before, behind])).toEqual([1, 2]);
    return outcome;
  }

  it.each(names)('a handler returns %s', async (what) => {
    const error = await among(() => client.remote.give({ what }));
    if (!travels(what)) expect((error as RemoteError).code).toBe(Code.InternalError);
    expect(troubles).toEqual([]);
  });

  it.each(names)('a promise resolves with %s', async (what) => {
    const error = await among(() => client.remote.later({ what }));
    if (!travels(what)) expect(error).toBeInstanceOf(Error);
    expect(troubles).toEqual([]);
  });

  it.each(names)('a handler throws %s', async (what) => {
    const error = await among(() => client.remote.fail({ what }));
    expect(error).toBeInstanceOf(RemoteError);
    expect((error as RemoteError).code).toBe(Code.Application);
  });

  it.each(names)('the handler of a notification returns %s', async (what) => {
    const before = client.remote.plain({ n: 1 });
    client.remote.note({ what });
    expect(await Promise.all([before, client.remote.plain({ n: 2 })])).toEqual([1, 2]);
    for (const trouble of troubles) expect(String(trouble)).not.toContain('Parse error');
  });

  it.each(names)('a callback returns %s', async (what) => {
    const error = await among(() => client.remote.call({ back: () => made(what) }));
    if (!travels(what)) expect(error).toBeInstanceOf(RemoteError);
    expect((error as RemoteError).message).not.toBe('Parse error');
  });

  it.each(names)('a stream is %s', async (what) => {
    const error = await among(async () => {
      for await (const _ of client.remote.source({ what })) throw new Error('an item');
    });
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).not.toBe('an item');
  });

  it.each(names)('an item of a stream is %s', async (what) => {
    const items: unknown[] = [];
    const error = await among(async () => {
      for await (const item of client.remote.items({ what })) items.push(item);
    });
    if (travels(what)) return;
    expect(items).toEqual(['first']);
    expect(error).toBeInstanceOf(Error);
  });

  it.each(names)('an argument is %s', async (what) => {
    const back = await shop.ask(null, { value: made(what) }).catch((error: unknown) => error);
    expect(back).toBeInstanceOf(Error);
    expect(await client.remote.plain({ n: 3 })).toBe(3);
  });
});
