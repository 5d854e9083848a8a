import type { Receivers, Reply, Sender, Stream } from 'obverse';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

/*
 * A side whose spec has no streams is opened without their code. Whatever calls, mounts or passes other specs loads it:
 * nothing waits. Each test begins with a fresh library that has not loaded streams yet.
 */
let rooms = 0;
const opened: { close(): Promise<void> }[] = [];
async function meet(options: object = {}) {
  const { incoming, outgoing, reference, RemoteAPI } = await import('../../src/browser.js');
  await import('../../src/all.js');

  class Base extends RemoteAPI {
    @incoming({ hasReply: true }) give(_from: Sender, _args: { items: AsyncIterable<number> }): Reply<number> {}
    @incoming({ hasReply: true }) lend(_from: Sender): Reply<{ items(to: number): AsyncIterable<number> }> {}
  }
  class Numbers extends RemoteAPI {
    @incoming({ stream: true }) count(_from: Sender, _args: { to: number }): Stream<number> {}
    @outgoing({ stream: true }) squares(_to: Receivers, _args: { to: number }): Stream<number> {}
  }
  @reference
  class Lent {
    *items(to: number): Generator<number> {
      yield* numbers(to);
    }
  }
  const server = await Base.serve(`memory:late-streams-${++rooms}`, { logger: null, ...options });
  const client = await Base.invert().connect(server.address, { logger: null });
  opened.push(client, server);
  return { server, client, Numbers, Lent };
}
beforeEach(() => void vi.resetModules());
afterEach(async () => {
  for (const side of opened.splice(0)) await side.close();
});

function* numbers(to: number): Generator<number> {
  for (let n = 1; n <= to; n++) yield n;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe('a stream that is the first one', () => {
  it('can be of a spec that is mounted on an open side, in either direction', async () => {
    const { server, client, Numbers } = await meet();
    const here = server.mount('numbers', Numbers);
    const there = client.mount('numbers', Numbers.invert());
    here.count.connect((_from, { to }) => numbers(to));
    there.squares.connect(async function* (_from, { to }) {
      for (const n of numbers(to)) yield n * n;
    });
    const [counted, squares] = [there.count(null, { to: 1_000 }), here.squares(null, { to: 3 })];
    expect(await all(counted)).toEqual([...numbers(1_000)]);
    expect(await all(squares)).toEqual([1, 4, 9]);
  });

  it('can be called by its path', async () => {
    const { server, client } = await meet();
    server.setHandler('count', (_from, { to }: { to: number }) => numbers(to));
    expect(await all(client.streamPath('count', { to: 3 }))).toEqual([1, 2, 3]);
  });

  it('can be requested as a request, and is a list then', async () => {
    const { server, client } = await meet();
    server.setHandler('count', (_from, { to }: { to: number }) => numbers(to));
    expect(await client.callPath('count', { to: 3 })).toEqual([1, 2, 3]);
  });

  it('fails in the first next() if it has no handler', async () => {
    const { client } = await meet();
    const items = client.streamPath('nothing');
    await expect(items.next()).rejects.toThrow('the method "nothing" is unknown');
    expect(await items.next()).toEqual({ done: true, value: undefined });
  });

  it('can be an argument, also one that is read on after the answer', async () => {
    const { server, client } = await meet();
    let rest: Promise<number[]> | undefined;
    server.give.connect(async (_from, { items }) => {
      const iterator = items[Symbol.asyncIterator]();
      const first = iterator.next();
      rest = first.then(async ({ value }) => [
        value as number,
        ...(await all({ [Symbol.asyncIterator]: () => iterator })),
      ]);
      return 0;
    });
    async function* given(): AsyncGenerator<number> {
      yield* numbers(3);
    }
    expect(await client.give(null, { items: given() })).toBe(0);
    expect(await rest).toEqual([1, 2, 3]);
  });

  it('can be an argument that nobody reads', async () => {
    const { server, client } = await meet();
    server.give.connect(() => 0);
    const closed = vi.fn(async () => ({ done: true, value: undefined }) as const);
    class Source {
      [Symbol.asyncIterator](): AsyncIterator<number> {
        return { next: () => new Promise<never>(() => {}), return: closed };
      }
    }
    const items = new Source();
    expect(await client.give(null, { items })).toBe(0);
    expect(closed).toHaveBeenCalledTimes(1);
  });

  it('can be returned by an object that was passed by reference', async () => {
    const { server, client, Lent } = await meet();
    server.lend.connect(() => new Lent() as never);
    const lent = await client.lend(null);
    expect(await all(lent.items(3))).toEqual([1, 2, 3]);
  });
});
