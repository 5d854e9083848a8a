import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  incoming,
  outgoing,
  type Peer,
  ProtocolError,
  type Receivers,
  RemoteAPI,
  RemoteError,
  type Reply,
  reference,
  type Sender,
  type Stream,
  UsageError,
} from '../../src/index.js';
import { RawClient } from '../support/core-raw.js';

/* A value that has a method `then` is a promise to code that awaits it: one that a peer makes would never settle. */

// biome-ignore lint/suspicious/noThenProperty: the fault that is looked for
const thenable = { then: () => {} };
const FN = { $rpc: ['fn', 1] };
// biome-ignore lint/suspicious/noThenProperty: the fault that is looked for
const FORGED = { then: FN };

class Lazy {
  constructor(readonly a: number) {}
  // biome-ignore lint/suspicious/noThenProperty: the fault that is looked for
  then(): void {}
}
/** A type whose values are promises, by mistake. */
const lazy = { id: 'lazy', class: Lazy, pack: ({ a }: Lazy) => a, unpack: (a: unknown) => new Lazy(a as number) };
/** And one whose values are made asynchronously. */
class Money {
  constructor(readonly cents: number) {}
}
const money = {
  id: 'money',
  class: Money,
  pack: ({ cents }: Money) => cents,
  unpack: async (cents: unknown) => new Money(cents as number),
};

@reference
class Query {
  // biome-ignore lint/suspicious/noThenProperty: the fault that is looked for
  then(): void {}
  run(): number {
    return 1;
  }
}

let troubles: unknown[] = [];

class Talk extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { what: string }): Reply<unknown, unknown> {}
  @incoming({ hasReply: true }) take(_sender: Sender, _args: { value: unknown }): Reply<unknown> {}
  @incoming note(_sender: Sender, _args: { value: unknown }): void {}
  @incoming({ stream: true }) items(_sender: Sender, _args: { what: string }): Stream<unknown> {}
  @outgoing({ stream: true }) flow(_to: Receivers, _args: object): Stream<unknown> {}
  @outgoing({ hasReply: true }) back(_to: Receivers, _args: { value: unknown }): Reply<unknown> {}
  protected override onMessageError(_peer: Peer, error: unknown): void {
    troubles.push(error);
  }
}

beforeEach(() => {
  troubles = [];
});

describe('a peer that forges promises', () => {
  let side: Awaited<ReturnType<typeof serve>>;
  let forger: RawClient;
  const serve = () => Talk.serve('tcp://127.0.0.1:0', { codec: 'jrpc', types: [lazy, money], timeout: 5_000 });

  beforeEach(async () => {
    seen = 0;
    side = await serve();
    forger = await RawClient.connect(side.address);
    forger.write({ jsonrpc: '2.0', method: 'rpc.hello', params: ['Obverse', 1, 'jrpc'] });
  });
  afterEach(async () => {
    await side.close();
    forger[Symbol.dispose]();
  });

  type Line = { readonly id?: number; readonly method?: string };
  let seen = 0;

  /** The next line that matches. */
  async function line(fits: (line: Line) => boolean): Promise<Line> {
    for (;;) {
      await forger.until(() => forger.lines.length > seen);
      const one = JSON.parse(forger.lines[seen++] as string) as Line;
      if (fits(one)) return one;
    }
  }

  /** Answers the call of the side with a value in the tagged form. */
  async function answered(value: unknown): Promise<unknown> {
    await new Promise<void>((resolve) => {
      if (side.peers.size > 0) resolve();
      else side.on('connect', () => resolve());
    });
    const answer = side.back(null, { value: 1 });
    const { id } = await line(({ method }) => method === 'back');
    forger.write({ jsonrpc: '2.0', method: 'rpc.about', params: { answer: id, tagged: true } });
    forger.write({ jsonrpc: '2.0', id, result: value });
    return answer.catch((error: unknown) => error);
  }

  it.each([
    ['as the answer', FORGED, ''],
    ['within the answer', { a: [FORGED] }, '.a[0]'],
    ['by a type', { $rpc: ['lazy', 1] }, ''],
    ['by a type that is made asynchronously', [{ $rpc: ['money', 1] }], '[0]'],
    ['by a field of a type', { b: { $rpc: ['lazy', FORGED] } }, '.b.a'],
  ])('is refused: %s', async (_where, value, path) => {
    const error = await answered(value);
    expect(error).toBeInstanceOf(ProtocolError);
    expect((error as Error).message).toContain(`the object${path === '' ? '' : ` at ${path}`} has a method "then"`);
  });

  it('is refused among the answers of gather().first()', async () => {
    await answered(1);
    const first = side.gather(null).back({ value: 2 }).first();
    const { id } = await line(({ method }) => method === 'back');
    forger.write({ jsonrpc: '2.0', method: 'rpc.about', params: { answer: id, tagged: true } });
    forger.write({ jsonrpc: '2.0', id, result: FORGED });
    await expect(first).rejects.toThrow(/method "then"/);
  });

  it('is refused among the items of a stream, which ends there', async () => {
    await answered(1);
    const all = (async () => {
      for await (const _ of side.flow(null, {})) throw new Error('an item');
    })();
    const { id } = await line(({ method }) => method === 'flow');
    forger.write({ jsonrpc: '2.0', method: 'rpc.next', params: [id, [{ a: FORGED }], true] });
    await expect(all).rejects.toThrow('at [0].a has a method "then"');
    expect(await line(({ method }) => method === 'rpc.cancel')).toMatchObject({ params: [id] });
  });

  it('is refused in arguments, with its path', async () => {
    let served = 0;
    side.take.connect(() => ++served);
    forger.write({ jsonrpc: '2.0', method: 'rpc.about', params: { call: 7, tagged: true } });
    forger.write({ jsonrpc: '2.0', id: 7, method: 'take', params: { value: FORGED } });
    const { error } = (await line(({ id }) => id === 7)) as unknown as { error: { code: number; message: string } };
    expect(error.code).toBe(-32602);
    expect(error.message).toContain('at [0].value has a method "then"');
    expect(served).toBe(0);
  });
});

describe.each(['jrpc', 'msgpack', 'clone'])('a value that would be a promise is not sent in %s', (codec) => {
  let talk: Awaited<ReturnType<typeof open>>[0];
  let client: Awaited<ReturnType<typeof open>>[1];

  async function open() {
    const options = { codec, types: [lazy], timeout: 5_000 };
    const served = await Talk.serve('memory:thenables', options);
    served.ask.connect((sender, { what }) => {
      if (what === 'progress') {
        sender.progress({ deep: [thenable] });
        return 'done';
      }
      if (what === 'error') throw Object.assign(new RangeError('no'), { thenable });
      return what === 'promise' ? { a: Promise.resolve(1) } : what === 'lazy' ? [new Lazy(1)] : { deep: [thenable] };
    });
    served.take.connect(() => 'taken');
    served.note.connect(() => {});
    served.items.connect(() => [1, { deep: [thenable] }]);
    return [served, await Talk.invert().connect('memory:thenables', options)] as const;
  }

  beforeEach(async () => {
    [talk, client] = await open();
  });
  afterEach(async () => {
    await client.close();
    await talk.close();
  });

  it('as a result, with its path', async () => {
    const error = await client.remote.ask({ what: 'result' }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RemoteError);
    expect((error as RemoteError).code).toBe(-32603);
    expect((error as RemoteError).message).toContain('at .deep[0] has a method "then"');
  });

  it('nor a promise within one', async () => {
    const error = await client.remote.ask({ what: 'promise' }).catch((thrown: unknown) => thrown);
    expect((error as RemoteError).code).toBe(-32603);
    expect((error as RemoteError).message).toContain('the value at .a is a promise');
  });

  it('nor a value of a type that would be a promise on arrival', async () => {
    await expect(client.remote.ask({ what: 'lazy' })).rejects.toThrow(/method "then"/);
  });

  it('as an argument, with its path, before anything is sent', async () => {
    const call = (value: unknown) => client.remote.take({ value });
    await expect(call([thenable])).rejects.toThrow(UsageError);
    await expect(call([thenable])).rejects.toThrow('at [0].value[0] has a method "then"');
    await expect(call([Promise.resolve(1)])).rejects.toThrow('at [0].value[0] is a promise');
    expect(() => client.remote.note({ value: thenable })).toThrow(UsageError);
    // biome-ignore lint/suspicious/noThenProperty: data may have a field of that name
    expect(await call({ then: 'a text' })).toBe('taken');
  });

  it('as an item of a stream, which ends there', async () => {
    const items: unknown[] = [];
    const all = (async () => {
      for await (const item of client.remote.items({ what: 'items' })) items.push(item);
    })();
    await expect(all).rejects.toThrow('has a method "then"');
    expect(items).toEqual([1]);
  });

  it('as progress: that throws, and the call continues', async () => {
    const told: unknown[] = [];
    const answer = client.to(null, { onProgress: (value: unknown) => told.push(value) }).ask({ what: 'progress' });
    await expect(answer).rejects.toThrow('has a method "then"');
    expect(told).toEqual([]);
  });

  it('in an error', async () => {
    const error = (await client.remote.ask({ what: 'error' }).catch((thrown: unknown) => thrown)) as RemoteError;
    expect(error.message).toBe('no');
    expect(Object.keys(error)).not.toContain('thenable');
  });
});

it('objects passed by reference have no method `then`, nor have a side, its views and its namespaces', async () => {
  const talk = await Talk.serve('memory:then', {});
  talk.take.connect(async (_sender, { value }) => {
    const query = value as Query;
    expect('then' in query).toBe(false);
    return [await query.run(), query];
  });
  const client = await Talk.invert().connect('memory:then', {});
  const mine = new Query();
  expect(await client.remote.take({ value: mine })).toEqual([1, mine]);
  for (const one of [client, client.remote, client.to(null), talk, talk.take]) expect('then' in one).toBe(false);
  await client.close();
  await talk.close();
});
