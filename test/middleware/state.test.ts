import { afterEach, expect, it } from 'vitest';
import { contextKey } from '../../src/index.js';
import { closeAll, meet } from './sides.js';

afterEach(closeAll);

const user = contextKey<{ readonly name: string }>('user');
const depth = contextKey('depth', 0);

it('interceptors pass typed values to each other and to handlers, for one call', async () => {
  const { server, client } = await meet();
  const depths: number[] = [];
  server.use(
    (call, next) => {
      if (call.metadata.who !== undefined) call.state.set(user, { name: `${call.metadata.who}` });
      call.state.set(depth, call.state.get(depth) + 1);
      return next();
    },
    (call, next) => {
      call.state.set(depth, call.state.get(depth) + 1);
      depths.push(call.state.get(depth));
      return next();
    },
  );
  server.add.connect(({ state }, a, b) => a + b + (state.get(user)?.name.length ?? 0));
  expect(await client.with({ metadata: { who: 'ann' } }).add(null, 1, 2)).toBe(6);
  expect(await client.add(null, 1, 2)).toBe(3);
  expect(depths).toEqual([2, 2]);
});

it('an outgoing call has its own state', async () => {
  const { server, client } = await meet();
  const seen: ({ readonly name: string } | undefined)[] = [];
  client.use(
    (call, next) => {
      call.state.set(user, { name: call.path });
      return next();
    },
    (call, next) => {
      seen.push(call.state.get(user));
      return next();
    },
  );
  server.add.connect(({ state }) => (state.get(user) === undefined ? 0 : 1));
  expect(await client.add(null, 1, 2)).toBe(0);
  expect(seen).toEqual([{ name: 'add' }]);
});

it('two keys of one name are different', async () => {
  const one = contextKey<number>('n');
  const { server, client } = await meet();
  server.use((call, next) => {
    call.state.set(one, 1).set(contextKey<number>('n'), 2);
    return next();
  });
  server.add.connect(({ state }) => state.get(one) ?? -1);
  expect(await client.add(null, 1, 2)).toBe(1);
});
