import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { afterTurn } from '../../src/base/time.js';
import {
  codec as codecOf,
  incoming,
  ProtocolError,
  RemoteAPI,
  RemoteError,
  type Reply,
  RpcError,
  type Sender,
  type Side,
  type Stream,
  standardTypes,
  UsageError,
} from '../../src/index.js';
import { encode } from '../../src/session/sending/encode.js';
import type { Inverted } from '../../src/types/derived.js';

/* Values that throw a value that throws itself when it is inspected, and values that only look like others. */

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

const thrower = (): never => {
  throw revoked();
};

class Tagged {
  x = 1;
  constructor(private readonly tag: string) {
    Object.defineProperty(this, 'tag', { enumerable: false });
  }
  get [Symbol.toStringTag](): string {
    return this.tag;
  }
}

/** The same object again and again, at this depth: written out, it would be larger than any memory. */
function doubled(): unknown {
  let value: unknown = [];
  for (let level = 0; level < 60; level++) value = [value, value];
  return value;
}

const hostile: Readonly<Record<string, () => unknown>> = {
  'a `toJSON`': () => ({ toJSON: thrower }),
  'a getter': () => Object.defineProperty({}, 'a', { get: thrower, enumerable: true }),
  'a map with one': () => new Map([[1, revoked()]]),
  'a tag': () => [{}, Object.defineProperty(new (class {})(), Symbol.toStringTag, { get: thrower })],
  'a list': () => [new Proxy({}, { get: thrower, ownKeys: thrower, getPrototypeOf: thrower })],
};

class Shop extends RemoteAPI {
  @incoming({ hasReply: true }) give(_sender: Sender, _args: { what: string }): Reply<unknown> {}
  @incoming({ hasReply: true }) fail(_sender: Sender, _args: { what: string }): Reply<unknown> {}
  @incoming({ hasReply: true }) take(_sender: Sender, _args: { value: unknown }): Reply<unknown> {}
  @incoming({ stream: true }) items(_sender: Sender, _args: { what: string }): Stream<unknown> {}
}

const rejections: unknown[] = [];
const heard = (reason: unknown): unknown => rejections.push(reason);
beforeAll(() => void process.on('unhandledRejection', heard));
afterAll(() => void process.off('unhandledRejection', heard));

describe.each(['jrpc', 'msgpack', 'clone', 'terse'])('in %s', (codec) => {
  let shop: Side<Shop>;
  let client: Side<Inverted<Shop>>;

  beforeEach(async () => {
    rejections.length = 0;
    const options = { codec, timeout: 10_000, logger: null };
    shop = await Shop.serve('memory:hostile', options);
    const given = (what: string): unknown => hostile[what]?.() ?? what;
    shop.give.connect((_sender, { what }) =>
      what === 'rejections' ? { a: [Promise.reject(new Error('one')), Promise.reject(new Error('two'))] } : given(what),
    );
    shop.fail.connect((_sender, { what }) => {
      throw what === 'doubled' ? doubled() : revoked();
    });
    shop.take.connect(() => 'taken');
    shop.items.connect((_sender, { what }) => {
      if (what === 'fine') return [1, 2];
      if (what === 'rejections') return new Set([new Promise(() => {}), Promise.reject(new Error('never asked for'))]);
      return [1, given(what), 2];
    });
    client = await Shop.invert().connect('memory:hostile', options);
  });
  afterEach(async () => {
    await client.close();
    await shop.close();
  });

  it.each(Object.keys(hostile))('an error during encoding fails one call, or one stream: %s', async (what) => {
    expect(await client.remote.give({ what }).catch((error: unknown) => error)).toBeInstanceOf(RemoteError);
    await expect(async () => {
      for await (const _ of client.remote.items({ what }));
    }).rejects.toThrow();
    const items: unknown[] = [];
    for await (const item of client.remote.items({ what: 'fine' })) items.push(item);
    expect(items).toEqual([1, 2]);
    expect(await client.remote.take({ value: 1 })).toBe('taken');
  });

  it('a thrown value is reported, in bounded time and without running its code', async () => {
    for (const what of ['revoked', 'doubled'])
      await expect(client.remote.fail({ what })).rejects.toThrow('a value that is not an error was thrown');
  });

  it('promises that are refused, or never awaited, reject without ending the process', async () => {
    await expect(client.remote.give({ what: 'rejections' })).rejects.toThrow('is a promise');
    const value = { a: Promise.reject(new Error('mine')) };
    await expect(Promise.resolve().then(() => client.remote.take({ value }))).rejects.toThrow('is a promise');
    const stream = client.remote.items({ what: 'rejections' })[Symbol.asyncIterator]();
    const first = stream.next();
    await new Promise<void>((resolve) => afterTurn(() => afterTurn(resolve)));
    await stream.return?.();
    await first;
    expect(rejections).toEqual([]);
  });
});

it("instanceof of the library's errors is safe for any value", () => {
  for (const errorClass of [RpcError, ProtocolError, UsageError]) expect(revoked() instanceof errorClass).toBe(false);
});

async function through(codec: string, value: unknown): Promise<unknown> {
  const used = await codecOf(codec);
  let arrived: unknown;
  used.decode(
    // The session adds the path of what cannot be encoded.
    encode(used, { kind: 'reply', id: 1, value }, Number.POSITIVE_INFINITY),
    (message) => {
      arrived = message.kind === 'reply' ? message.value : message;
    },
    false,
  );
  return arrived;
}

it.each(['jrpc', 'jrpc?dialect=quickrpc'])(
  'JSON unboxes boxed values, also beside an empty object: %s',
  async (codec) => {
    const boxed = [Object(1), Object(''), Object('xy'), Object(false), {}];
    expect(await through(codec, boxed)).toEqual([1, '', 'xy', false, {}]);
  },
);

it.each(['jrpc', 'terse'])('a DataView is refused with its path and not sent as an empty object: %s', async (codec) => {
  await expect(through(codec, { a: [new DataView(new ArrayBuffer(1))] })).rejects.toThrow(/a DataView at \.a\[0\]/);
});

describe('structured clone', () => {
  const lost: Readonly<Record<string, () => object>> = {
    Headers: () => new Headers({ a: 'b' }),
    FormData: () => new FormData(),
    URLSearchParams: () => new URLSearchParams('a=1'),
    Event: () => new Event('a'),
  };
  it.each(Object.keys(lost))('a %s, which would arrive empty, is refused with its path', async (what) => {
    const value = { a: [1, { b: lost[what]?.() }] };
    await expect(through('clone', value)).rejects.toThrow(new RegExp(`${what}.*could not|${what} at \\.a\\[1\\]\\.b`));
  });

  it('carries the values that it supports', async () => {
    const value = [new Blob(['a']), new RangeError('a'), /a/, Object(1), new DataView(new ArrayBuffer(1)), new Map()];
    const arrived = (await through('clone', value)) as object[];
    expect(arrived.map((one) => one.constructor.name)).toEqual(value.map((one) => one.constructor.name));
  });
});

it.each([
  ['jrpc', 'Error'],
  ['jrpc', 'RegExp'],
  ['jrpc', 'DOMException'],
  ['msgpack', 'Error'],
  ['msgpack', 'RegExp'],
])('over %s, an object of a class whose tag is %s is sent as its fields', async (codec, tag) => {
  const options = { codec, types: [standardTypes] };
  const shop = await Shop.serve('memory:tags', options);
  shop.give.connect(() => new Tagged(tag));
  const client = await Shop.invert().connect('memory:tags', options);
  expect(await client.remote.give({ what: tag })).toEqual({ x: 1 });
  await client.close();
  await shop.close();
});
