import { describe, expect, it } from 'vitest';
import {
  Code,
  codec as codecOf,
  incoming,
  type Outbound,
  RemoteAPI,
  type RemoteError,
  type Reply,
  type Sender,
  UsageError,
} from '../../src/index.js';
import { encode as encodeFor } from '../../src/session/sending/encode.js';

/* Objects that hold their data elsewhere than in fields: written as fields, they would arrive empty. */

/** The essentials of a DOM element: a class with a tag, and no fields. */
class FakeElement {
  get [Symbol.toStringTag](): string {
    return 'HTMLDivElement';
  }
}

const hidden: Readonly<Record<string, () => object>> = {
  Blob: () => new Blob(['a']),
  File: () => new File(['a'], 'a.txt'),
  FormData: () => new FormData(),
  Headers: () => new Headers({ a: 'b' }),
  Response: () => new Response('a'),
  URLSearchParams: () => new URLSearchParams('a=1'),
  HTMLDivElement: () => new FakeElement(),
  WeakMap: () => new WeakMap(),
  WeakSet: () => new WeakSet(),
  WeakRef: () => new WeakRef({}),
  Promise: () => Promise.resolve(1),
  Generator: () => (function* () {})(),
  'Map Iterator': () => new Map([[1, 2]]).values(),
  RegExp: () => /a/,
  Error: () => new RangeError('lost'),
  AbortSignal: () => new AbortController().signal,
};
const inText: typeof hidden = {
  Map: () => new Map([[1, 2]]),
  Set: () => new Set([1]),
  ArrayBuffer: () => new ArrayBuffer(1),
};

class Point {
  x = 1;
  get y(): number {
    return 2;
  }
}
class Money {
  readonly #cents = 100;
  toJSON(): number {
    return this.#cents;
  }
}
class Titled {
  a = 1;
  get [Symbol.toStringTag](): string {
    return 'Titled';
  }
}

class Box extends RemoteAPI {
  @incoming({ hasReply: true }) take(_sender: Sender, _args: { value: unknown }): Reply<unknown> {}
  @incoming({ hasReply: true }) give(_sender: Sender, _args: { what: string }): Reply<unknown> {}
}

describe.each(['jrpc', 'jrpc?dialect=quickrpc', 'jrpc?dialect=lsp', 'msgpack', 'terse'])('in %s', (codec) => {
  const refused = codec === 'msgpack' ? hidden : { ...hidden, ...inText };
  const names = Object.keys(refused);
  const made = (what: string): object => (refused[what] as () => object)();

  it.each(names)('a %s is refused with its path, and never sent as an empty object', async (what) => {
    const used = await codecOf(codec);
    // The session adds the path.
    const encode = (message: Outbound) => encodeFor(used, message, Number.POSITIVE_INFINITY);
    const call = (args: unknown[], named: boolean) =>
      encode({ kind: 'call', id: 1, method: 'm', args, named, batch: undefined });
    const path = new RegExp(`${what} at \\.a\\[1\\]\\.b cannot be sent`);
    const value = () => ({ a: [1, { b: made(what) }] });
    expect(() => call([value()], true)).toThrow(path);
    expect(() => call([value()], false)).toThrow(new RegExp(`${what} at \\[0\\]\\.a\\[1\\]\\.b`));
    expect(() => encode({ kind: 'reply', id: 1, value: value() })).toThrow(path);
    expect(() => encode({ kind: 'reply', id: 1, value: made(what) })).toThrow(`${what} cannot be sent`);
    expect(() => encode({ kind: 'fault', id: 1, error: { code: 1, message: '', data: value() } })).toThrow(path);
    expect(() => call([made(what)], true)).toThrow(`${what} cannot be sent`);
  });

  it.runIf('Error' in refused)('an Error that is returned is refused with the advice to throw it', async () => {
    const used = await codecOf(codec);
    const reply = () =>
      encodeFor(used, { kind: 'reply', id: 1, value: new Error('no') } as Outbound, Number.POSITIVE_INFINITY);
    expect(reply).toThrow(/: throw it, or register standardTypes with the option "types"$/);
  });

  it('class instances are sent as their fields, empty ones stay empty, and a `toJSON` is called', async () => {
    const { encode, decode } = await codecOf(codec);
    const value = { a: new Point(), b: new Money(), c: {}, d: [new Titled(), new (class Empty {})(), {}], e: '{}' };
    const nothing = codec === 'msgpack' ? [] : [new Map(), new Set(), new ArrayBuffer(0)];
    for (const empty of nothing) expect(() => encode({ kind: 'reply', id: 1, value: [empty] })).not.toThrow();
    let arrived: unknown;
    decode(
      encode({ kind: 'reply', id: 1, value }),
      (message) => {
        arrived = message.kind === 'reply' ? message.value : message;
      },
      false,
    );
    expect(arrived).toEqual({ a: { x: 1 }, b: 100, c: {}, d: [{ a: 1 }, {}, {}], e: '{}' });
  });

  it('a call that contains one fails alone', async () => {
    if (codec.includes('dialect')) return;
    const box = await Box.serve('memory:hidden', { codec });
    box.take.connect((_sender, { value }) => value);
    box.give.connect((_sender, { what }) => ({ deep: [made(what)] }));
    const client = await Box.invert().connect('memory:hidden', { codec });
    const [taken, given, well] = await Promise.all([
      client.remote.take({ value: { a: new WeakMap() } }).catch((error: unknown) => error),
      client.remote.give({ what: 'Blob' }).catch((error: unknown) => error),
      client.remote.take({ value: new Point() }),
    ]);
    expect(taken).toBeInstanceOf(UsageError);
    expect((taken as Error).message).toContain('a WeakMap at .value.a');
    expect(given).toMatchObject({ code: Code.InternalError });
    expect((given as RemoteError).message).toContain('a Blob at .deep[0]');
    expect(well).toEqual({ x: 1 });
    await client.close();
    await box.close();
  });
});
