import { describe, expect, it } from 'vitest';
import {
  Code,
  type Far,
  type Inverted,
  incoming,
  keep,
  namespace,
  passed,
  type Remote,
  RemoteAPI,
  type Reply,
  type RpcError,
  reference,
  release,
  type Sender,
  type Side,
} from '../../src/index.js';
import { failure, until } from '../support/core-waiting.js';
import { Basket, Counter, closing, gate, nothingLeft, type Step, sides, sizeOf, Work, ways } from './sides.js';

class Room extends RemoteAPI {
  @incoming({ hasReply: true, params: ['who', 'loud'] }) join(
    _sender: Sender,
    _who: string,
    _loud?: boolean,
  ): Reply<string> {}
}
class House extends RemoteAPI {
  readonly room = namespace(Room);
  @incoming({ hasReply: true }) knock(_sender: Sender): Reply<string> {}
}
type FarHouse = Remote<Inverted<House>>;

function house(): Side<House> {
  const made = House.create();
  made.knock.connect(() => 'who is there?');
  made.room.join.connect((sender, who, loud) => `${who} joins${loud ? ' loudly' : ''}, ${sender.timeLeft > 1_000}`);
  return made;
}

describe.each(ways)('over %s with %s', (url, codec) => {
  it('functions, objects and sides are the originals when they are passed back, once or twice in a message', async () => {
    const both = await sides(url, codec);
    const { server, client } = both;
    server.take.connect((_sender, { value }) => value);
    const step: Step = (n) => n;
    const mine = new Basket();
    const side = house();
    const value = { step, list: [step, mine], side, nested: { side } };
    const back = (await client.take(null, { value })) as typeof value;
    expect(back.step).toBe(step);
    expect(back.list[0]).toBe(step);
    expect(back.list[1]).toBe(mine);
    expect(back.side).toBe(side);
    expect(back.nested.side).toBe(side);
    await nothingLeft(both);
  });

  it('a reference is the same object each time it arrives, as long as it is held', async () => {
    const both = await sides(url, codec);
    const { server, client } = both;
    const seen: unknown[] = [];
    server.take.connect((_sender, { value }) => {
      const { step, again } = value as { step: Step; again: Step };
      expect(step).toBe(again);
      seen.push(step);
      if (seen.length === 1) keep(step);
      else release(step);
    });
    const step: Step = (n) => n;
    await client.take(null, { value: { step, again: step } });
    await client.take(null, { value: { step, again: step } });
    expect(seen[0]).toBe(seen[1]);
    await nothingLeft(both);
  });

  it('a side can be called by its incoming methods, including those of its namespaces and its streams', async () => {
    const both = await sides(url, codec);
    const { server, client } = both;
    const seen: unknown[] = [];
    server.take.connect(async (_sender, { value }) => {
      const { counter, far } = value as { counter: Remote<Inverted<Counter>>; far: FarHouse };
      const items: number[] = [];
      for await (const n of counter.upTo({ n: 1_000 })) items.push(n);
      seen.push(items.length, items.at(-1));
      counter.noted({ text: 'first' });
      seen.push(
        await counter.add({ n: 2 }),
        await far.knock(),
        await far.room.join('ann'),
        await far.room.join('bo', true),
      );
      seen.push(
        (await failure<RpcError>((far.room.join as (...args: unknown[]) => Promise<string>)('a', true, 3))).code,
      );
      return Object.keys(far);
    });
    const counter = Counter.create();
    counter.add.connect((_sender, { n }) => n * 100);
    const noted: string[] = [];
    counter.noted.connect((_sender, { text }) => void noted.push(text));
    counter.upTo.connect(function* (_sender, { n }) {
      for (let at = 1; at <= n; at++) yield at;
    });
    const keys = await client.take(null, { value: { counter: passed(counter), far: passed(house()) } });
    expect(keys).toEqual(['knock', 'room']);
    expect(noted).toEqual(['first']);
    expect(seen).toEqual([
      1_000,
      1_000,
      200,
      'who is there?',
      'ann joins, true',
      'bo joins loudly, true',
      Code.InvalidParams,
    ]);
    await nothingLeft(both);
  });

  it('a stream of a side ends at its source when the loop is left', async () => {
    const both = await sides(url, codec);
    const { server, client } = both;
    const ended = gate<number>();
    server.take.connect(async (_sender, { value }) => {
      for await (const n of (value as Remote<Inverted<Counter>>).upTo({ n: 1e9 })) if (n === 5) break;
    });
    const counter = Counter.create();
    counter.upTo.connect(async function* (_sender, { n }) {
      let at = 0;
      try {
        while (at < n) yield ++at;
      } finally {
        ended.open(at);
      }
    });
    await client.take(null, { value: passed(counter) });
    expect(await ended.passed).toBeLessThan(2_000);
    await nothingLeft(both);
  });

  it('a namespace of a side can be passed by itself', async () => {
    const { server, client } = await sides(url, codec);
    server.take.connect((_sender, { value }) => (value as Remote<Inverted<Room>>).join('ann'));
    expect(await client.take(null, { value: house().room })).toBe('ann joins, true');
  });

  it('a generator of an object answers with a stream', async () => {
    const both = await sides(url, codec);
    const { server, client } = both;
    server.basket.connect(() => new Basket());
    const basket = await client.basket(null);
    for (let n = 0; n < 600; n++) await basket.put(`${n}`);
    const items: string[] = [];
    for await (const item of basket.each()) items.push(item);
    expect(items).toHaveLength(600);
    release(basket);
    const [first] = [basket.each() as AsyncIterable<string>];
    await expect(first?.[Symbol.asyncIterator]().next()).rejects.toThrow(/was released/);
    await nothingLeft(both);
  });

  it('functions accept and return functions', async () => {
    const both = await sides(url, codec);
    const { server, client } = both;
    type Adder = (n: number) => Promise<(m: number) => Promise<number>>;
    server.take.connect(async (_sender, { value }) => {
      const adder = value as unknown as Adder;
      const add = await adder(5);
      const sum = await add(6);
      release(add);
      return sum;
    });
    const adder = (n: number) => (m: number) => n + m;
    expect(await client.take(null, { value: adder })).toBe(11);
    await nothingLeft(both);
  });

  it('a method that is taken out of its object can be called', async () => {
    const { server, client } = await sides(url, codec);
    server.basket.connect(() => new Basket());
    const { put } = await client.basket(null);
    expect(await put('a')).toBe(1);
  });

  it('a reference from one peer can be passed on to another, and calls go through', async () => {
    const first = await sides(url, codec);
    const second = await sides(url === 'memory:references' ? 'memory:second' : url, codec);
    // The server of the first pair is in the middle: it passes what its client has passed to the server of the second
    // pair.
    first.server.take.connect((_sender, { value }) => second.client.take(null, { value }));
    second.server.take.connect(async (_sender, { value }) => {
      const { step, basket, far, counter } = value as {
        step: Step;
        basket: Far<Basket>;
        far: FarHouse;
        counter: Remote<Inverted<Counter>>;
      };
      const items: unknown[] = [await step(4), await basket.put('pear'), await far.room.join('ann')];
      for await (const n of counter.upTo({ n: 3 })) items.push(n);
      return items;
    });
    const counter = Counter.create();
    counter.upTo.connect(function* (_sender, { n }) {
      for (let at = 1; at <= n; at++) yield at;
    });
    const mine = new Basket();
    const value = { step: (n: number) => n * 2, basket: mine, far: house(), counter };
    expect(await first.client.take(null, { value })).toEqual([8, 1, 'ann joins, true', 1, 2, 3]);
    expect(mine.list()).toEqual(['pear']);
    await nothingLeft(first);
    await nothingLeft(second);
    // It lives no longer than its origin: to pass it on for longer, keep it.
    let held: Step | undefined;
    second.server.hold.connect((_sender, { step }) => {
      keep(step);
      held = step;
    });
    first.server.hold.connect((_sender, { step }) => second.client.hold(null, { step }));
    await first.client.hold(null, { step: (n) => n });
    await expect(held?.(1)).rejects.toThrow('it was passed with hold, which has ended');
    release(held as Step);
    await nothingLeft(second);
  });

  it('a reference that has ended cannot be passed on', async () => {
    const both = await sides(url, codec);
    const { server, client } = both;
    let late: Step | undefined;
    server.hold.connect((_sender, { step }) => {
      late = step;
    });
    await client.hold(null, { step: (n) => n });
    server.fire.connect(() => late);
    await expect(client.fire(null)).rejects.toThrow('it was passed with hold, which has ended');
    await nothingLeft(both);
  });
});

it('names of methods reach no prototype, on either side', async () => {
  @reference
  class Odd {
    constructor(readonly name = 'odd') {}
    toString(): string {
      return 'text';
    }
    valueOf(): object {
      return this;
    }
    toLocaleString(): string {
      return 'here';
    }
    toJSON(): string {
      return 'json';
    }
    // biome-ignore lint/suspicious/noThenProperty: what happens to it is the question
    then(): void {
      throw new Error('it is no promise');
    }
    catch(): string {
      return 'caught';
    }
  }
  const { server, client } = await sides();
  server.take.connect(async (_sender, { value }) => {
    const odd = value as Odd;
    expect(Object.keys(odd)).toEqual(['toString', 'valueOf', 'toLocaleString', 'toJSON', 'catch']);
    expect(Object.getPrototypeOf(Object.getPrototypeOf(odd))).toBeNull();
    expect('constructor' in odd).toBe(false);
    return [await odd.toString(), await odd.toLocaleString(), await odd.toJSON(), await odd.catch(), odd];
  });
  const mine = new Odd();
  // As if it had no `then`; nobody awaits the object itself.
  const [text, here, json, caught, back] = (await client.take(null, { value: mine })) as unknown[];
  expect([text, here, json, caught]).toEqual(['text', 'here', 'json', 'caught']);
  expect(back).toBe(mine);
});

it('members that are not its methods cannot be called', async () => {
  const { server, client } = await sides();
  const mine = new Basket();
  server.basket.connect(() => mine);
  const basket = await client.basket(null);
  (mine as unknown as Record<string, unknown>).list = 'no longer a method';
  await expect(basket.list()).rejects.toMatchObject({ code: Code.MethodNotFound });
  await expect((async () => (basket as unknown as Basket)._hidden())()).rejects.toThrow(TypeError);
});

it('an object with too many methods is not passed', async () => {
  class Many {}
  for (let n = 0; n <= 1_000; n++) Object.defineProperty(Many.prototype, `m${n}`, { value: () => n });
  reference(Many);
  const both = await sides();
  await expect(both.client.take(null, { value: new Many() })).rejects.toThrow('at most 1000 are allowed');
  await nothingLeft(both);
});

it('a closed side can be passed and called: it needs no transport of its own', async () => {
  const { server, client } = await sides();
  server.counting.connect((_sender, { counter }) => counter.add({ n: 1 }));
  const counter = await Counter.serve('memory:closed', { logger: null });
  counter.add.connect((sender, { n }) => (sender.id === [...client.peers.keys()][0] ? n + 1 : -1));
  await counter.close();
  expect(await client.counting(null, { counter: passed(counter) })).toBe(2);
  expect(sizeOf(client)).toBe(0);
});

it('kept references end when the transport is changed', async () => {
  const server = closing(await Work.serve(['memory:one', 'memory:two'], { logger: null }));
  const client = closing(await Work.invert().connect('memory:one', { logger: null }));
  let held: Step | undefined;
  server.hold.connect((_sender, { step }) => {
    keep(step);
    held = step;
  });
  await client.hold(null, { step: (n) => n });
  await client.changeTransport('memory:two');
  await until(() => server.peers.size === 1);
  await expect(held?.(1)).rejects.toMatchObject({ code: Code.ConnectionLost });
});
