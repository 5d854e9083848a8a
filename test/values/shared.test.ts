import { describe, expect, it } from 'vitest';
import { weigh } from '../../src/extensions/streams/weigh.js';
import { isSpecial, NO_TYPES, revived, tagged } from '../../src/extensions/values/tagged.js';
import {
  Code,
  incoming,
  ProtocolError,
  RemoteAPI,
  type RemoteError,
  type Reply,
  RpcError,
  type Sender,
  type Stream,
  standardTypes,
} from '../../src/index.js';
import { mustFitWritten } from '../../src/session/sending/written-size.js';
import { fromJSON, toJSON } from '../../src/testing/recording-values.js';

/*
 * A list that contains the same list twice, forty levels deep, is forty objects, and 2^40 if each is visited as often
 * as it occurs: that never ends. These tests pass if they end.
 */

/** `levels` objects, each of which contains the next one twice. */
function doubled(
  levels: number,
  innermost: unknown = 1,
  make: (one: unknown) => unknown = (one) => [one, one],
): unknown {
  let value = innermost;
  for (let level = 0; level < levels; level++) value = make(value);
  return value;
}

const shapes: readonly (readonly [string, (one: unknown) => unknown])[] = [
  ['lists', (one) => [one, one]],
  ['objects', (one) => ({ a: one, b: one })],
  [
    'maps',
    (one) =>
      new Map([
        ['a', one],
        ['b', one],
      ]),
  ],
  ['lists in sets', (one) => new Set([[one], [one]])],
  ['objects without a prototype', (one) => Object.assign(Object.create(null) as object, { a: one, b: one })],
  ['objects of a class', (one) => Object.assign(new (class Pair {})(), { a: one, b: one })],
];

describe.each(shapes)('each object is visited once, in %s', (_name, make) => {
  const value = doubled(40, 1, make);

  it('when plain data is detected', () => expect(isSpecial(value, NO_TYPES)).toBe(true));
  it('when values are tagged', () => {
    expect(tagged(value, () => undefined) === value).toBe(true);
    expect(() => tagged(value, () => undefined, 1_000_000)).toThrow(ProtocolError);
    let asked = 0;
    const [, date] = tagged([value, new Date(0)], (one) => {
      asked++;
      return one instanceof Date ? ['date', 0] : undefined;
    }) as unknown[];
    expect(date).toEqual({ $rpc: ['date', 0] });
    expect(asked).toBeLessThan(200);
  });
  it('when they are weighed', () => expect(weigh(value, 2 ** 40)).toBeLessThan(100_000));
  it('when their written size is computed', () => {
    expect(() => mustFitWritten(value, 2 ** 39)).toThrow(/the same objects occur in it many times/);
    expect(() => mustFitWritten(value, 2 ** 60)).not.toThrow();
  });
});

describe('each object is visited once', () => {
  it('when values are revived, also if that fails', () => {
    let tries = 0;
    const value = doubled(40, {}, (one) => ({ $rpc: ['gone', one, one] }));
    const made = revived([value], () => {
      tries++;
      return undefined;
    });
    expect(made).toEqual([undefined]);
    expect(tries).toBe(40);
  });

  it('when they are recorded, and they are the same when they are read', () => {
    for (const [, make] of shapes.slice(0, 4)) {
      const read = fromJSON(JSON.parse(JSON.stringify(toJSON(doubled(40, { a: 1 }, make)))) as unknown);
      expect(weigh(read, 2 ** 40)).toBeLessThan(100_000);
    }
    const date = new Date(0);
    const [first, { second, third }] = fromJSON(toJSON([date, { second: date, third: [date, [], { $: 1 }] }])) as [
      Date,
      { second: Date; third: unknown[] },
    ];
    expect(first).toEqual(date);
    expect(second).toBe(first);
    expect(third).toEqual([date, [], { $: 1 }]);
    expect(third[0]).toBe(first);
  });
});

class Depot extends RemoteAPI {
  @incoming({ hasReply: true }) echo(_sender: Sender, _args: { value: unknown }): Reply<unknown> {}
  @incoming({ hasReply: true }) give(_sender: Sender, _args: { levels: number; special?: boolean }): Reply<unknown> {}
  @incoming({ hasReply: true }) fail(_sender: Sender, _args: { levels: number }): Reply<unknown> {}
  @incoming({ hasReply: true }) about(_sender: Sender, _args: { levels: number }): Reply<unknown> {}
  @incoming note(_sender: Sender, _args: { value: unknown }): void {}
  @incoming({ stream: true }) items(_sender: Sender, _args: { levels: number }): Stream<unknown> {}
}

async function depot(codec: string, types = false) {
  const options = { codec, timeout: 20_000, ...(types && { types: [standardTypes] }) };
  const served = await Depot.serve('memory:shared', options);
  served.echo.connect((_sender, { value }) => value);
  served.give.connect((_sender, { levels, special }) => doubled(levels, special === true ? new Date(0) : 1));
  served.fail.connect((_sender, { levels }) => {
    throw new RpcError('with data', 7, doubled(levels));
  });
  served.about.connect((sender, { levels }) => {
    sender.replyMetadata = { value: doubled(levels) };
    return 1;
  });
  served.note.connect(() => {});
  served.items.connect((_sender, { levels }) => ['first', doubled(levels)]);
  return [served, await Depot.invert().connect('memory:shared', options)] as const;
}

describe.each(['jrpc', 'msgpack', 'terse', 'jrpc?dialect=quickrpc'])(
  'a value that %s would write out without end is refused',
  (codec) => {
    it.each([40, 100_000])('at %d levels, before it is written', async (levels) => {
      const [served, client] = await depot(codec, codec === 'jrpc');
      const value = doubled(levels);
      const failure = (call: Promise<unknown>) => call.catch((error: unknown) => error as RemoteError);
      const sent = await failure(client.remote.echo({ value }));
      expect(sent).toBeInstanceOf(ProtocolError);
      expect(sent).toMatchObject({ code: Code.TooLarge });
      expect(() => client.remote.note({ value })).toThrow(/occur in it many times/);
      expect(await failure(client.remote.give({ levels }))).toMatchObject({ code: Code.TooLarge });
      expect(await failure(client.remote.give({ levels, special: true }))).toBeInstanceOf(Error);
      const failed = await failure(client.remote.fail({ levels }));
      expect(failed).toMatchObject({ code: 7, message: 'with data', data: undefined });
      const items: unknown[] = [];
      const all = (async () => {
        for await (const item of client.remote.items({ levels })) items.push(item);
      })();
      expect(await failure(all)).toMatchObject({ code: Code.TooLarge });
      expect(await client.remote.echo({ value: doubled(3) })).toEqual(doubled(3));
      await client.close();
      await served.close();
    });
  },
);

it('metadata that would be written out without end are refused', async () => {
  const [served, client] = await depot('jrpc');
  await expect(client.remote.about({ levels: 40 })).rejects.toMatchObject({ code: Code.TooLarge });
  const metadata = { value: doubled(40) };
  await expect(client.to(null, { metadata }).echo({ value: 1 })).rejects.toMatchObject({ code: Code.TooLarge });
  await client.close();
  await served.close();
});

it('clone passes each object once, in every kind of message', async () => {
  const [served, client] = await depot('clone');
  const same = (value: unknown): number => {
    let levels = 0;
    for (let one = value; Array.isArray(one); one = one[0], levels++) expect(one[0]).toBe(one[1]);
    return levels;
  };
  expect(same(await client.remote.echo({ value: doubled(100) }))).toBe(100);
  expect(same(await client.remote.give({ levels: 100, special: true }))).toBe(100);
  const items: unknown[] = [];
  for await (const item of client.remote.items({ levels: 60 })) items.push(item);
  expect(same(items[1])).toBe(60);
  const error = (await client.remote.fail({ levels: 60 }).catch((thrown: unknown) => thrown)) as RemoteError;
  expect(same(error.data)).toBe(60);
  const cycle: unknown[] = [];
  cycle.push(cycle, doubled(60));
  const [back] = (await client.remote.echo({ value: [cycle] })) as [unknown[]];
  expect(back[0]).toBe(back);
  await client.close();
  await served.close();
});
