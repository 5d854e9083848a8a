import { afterEach, describe, expect, it } from 'vitest';
import { type CallContext, RpcError } from '../../src/index.js';
import { closeAll, meet, ways } from './sides.js';

afterEach(closeAll);

describe.each(ways)('over %s with %s, a call of a function that was passed', (...way) => {
  it('goes through the interceptors of both sides, and of no namespace', async () => {
    const seen: string[] = [];
    const look =
      (where: string) =>
      ({ direction, kind, path, args, sender, receivers }: CallContext, next: () => unknown): unknown => {
        if (kind === 'callback') {
          const who = typeof (sender ?? (receivers as { id?: unknown })).id;
          seen.push(`${where} ${direction} ${path} ${args} ${who}`);
        }
        return next();
      };
    const { server, client } = await meet(way, { use: look('server') }, { use: look('client') });
    server.room.use(look('room'));
    server.each.connect(async (_from, items, tell) => {
      let sum = 0;
      for (const item of items) sum += (await tell(item)) as number;
      return sum;
    });
    expect(await client.each(null, [1, 2], (item) => item * 10)).toBe(30);
    expect(seen).toEqual([
      ...['server outgoing callback 1 string', 'client incoming callback 1 string'],
      ...['server outgoing callback 2 string', 'client incoming callback 2 string'],
    ]);
  });

  it('can be changed and refused by them', async () => {
    const { server, client } = await meet(way);
    server.each.connect(async (_from, [item = 0], tell) => (await tell(item)) as number);
    client.use((call, next) => {
      if (call.kind === 'callback') call.args = [(call.args[0] as number) + 1];
      return next();
    });
    expect(await client.each(null, [1], (item) => item * 10)).toBe(20);
    server.use(({ kind }, next) => {
      if (kind === 'callback') throw new RpcError('not now', 3);
      return next();
    });
    await expect(client.each(null, [1], (item) => item)).rejects.toMatchObject({ message: 'not now', code: 3 });
  });
});
