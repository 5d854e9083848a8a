import { afterEach, describe, expect, it } from 'vitest';
import { RpcError } from '../../src/index.js';
import { closeAll, meet, ways } from './sides.js';

afterEach(closeAll);

async function* upTo(n: number): AsyncGenerator<number> {
  for (let i = 1; i <= n; i++) yield i;
}

async function all(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const item of items) found.push(item);
  return found;
}

async function* doubled(_call: unknown, next: () => unknown): AsyncGenerator<number> {
  for await (const item of next() as AsyncIterable<number>) yield item * 2;
}

describe.each(ways)('over %s with %s, an interceptor of a stream', (...way) => {
  it('wraps what is produced, and what is consumed', async () => {
    const { server, client } = await meet(way);
    server.count.connect((_from, { to }) => upTo(to));
    server.use(doubled);
    expect(await all(client.count(null, { to: 3 }))).toEqual([2, 4, 6]);
    client.use(doubled);
    expect(await all(client.count(null, { to: 3 }))).toEqual([4, 8, 12]);
    expect(await all(client.remote.count({ to: 3 }))).toEqual([4, 8, 12]);
  });

  it('may be asynchronous, on either side', async () => {
    const { server, client } = await meet(way);
    server.count.connect((_from, { to }) => upTo(to));
    const later = async (_call: unknown, next: () => unknown): Promise<unknown> => {
      await new Promise((resolve) => setImmediate(resolve));
      return next();
    };
    server.use(later);
    client.use(later);
    expect(await all(client.count(null, { to: 3 }))).toEqual([1, 2, 3]);
  });

  it('can return another stream instead', async () => {
    const { server, client } = await meet(way);
    server.use(() => [7, 8]);
    expect(await all(client.count(null, { to: 3 }))).toEqual([7, 8]);
    client.use(() => [9]);
    expect(await all(client.count(null, { to: 3 }))).toEqual([9]);
  });

  it('that throws is reported by the first next only', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): number => unhandled.push(error);
    process.on('unhandledRejection', note);
    const { server, client } = await meet(way);
    server.count.connect((_from, { to }) => upTo(to));
    const leave = client.use(() => {
      throw new RpcError('not here', 3);
    });
    const forgotten = client.count(null, { to: 1 });
    await expect(client.count(null, { to: 1 }).next()).rejects.toMatchObject({ message: 'not here', code: 3 });
    expect(await all(client.with({ ignoreErrors: true }).count(null, { to: 1 }))).toEqual([]);
    leave();
    server.use(async () => {
      throw new RpcError('not there', 4);
    });
    await expect(client.count(null, { to: 1 }).next()).rejects.toMatchObject({ message: 'not there', code: 4 });
    expect(unhandled).toEqual([]);
    process.off('unhandledRejection', note);
    await forgotten.return();
  });

  it('closes the source when the caller leaves', async () => {
    const { server, client } = await meet(way);
    const stopped = new Promise<boolean>((resolve) => {
      server.count.connect(async function* () {
        try {
          for (let i = 0; ; i++) yield i;
        } finally {
          resolve(true);
        }
      });
    });
    server.use(doubled);
    client.use(doubled);
    for await (const item of client.count(null, { to: 0 })) if (item === 8) break;
    expect(await stopped).toBe(true);
  });

  it('receives an error if the handler returns something that is not a stream', async () => {
    const { server, client } = await meet(way);
    client.use(() => 5);
    await expect(client.count(null, { to: 1 }).next()).rejects.toThrow('expected an iterable');
    server.use(() => 5);
    await expect(server.watch(null, { to: 1 }).next()).rejects.toThrow();
  });
});
