import { afterEach, describe, expect, it } from 'vitest';
import { closeAll, meet, record, recording, ways } from './sides.js';

afterEach(closeAll);

describe.each(ways)('over %s with %s', (...way) => {
  it('an outgoing call passes through side, namespaces, decorator, body and link, and its answer in reverse', async () => {
    const { server, client } = await meet(way, { use: [recording('first'), recording('second')] });
    server.room.shelf.use(recording('shelf'));
    server.room.use(recording('room'));
    server.use(recording('third'));
    client.room.shelf.look.connect((_from, { text }) => {
      record.push('wire');
      return text;
    });
    // On the other side too, the interceptor of the decorator surrounds it.
    expect(await server.room.shelf.look(null, { text: 'here' })).toBe('here');
    expect(record).toEqual([
      ...['first >', 'second >', 'third >', 'room >', 'shelf >', 'mark >', 'body here'],
      ...['mark >', 'wire', '< mark'],
      ...['< mark', '< shelf', '< room', '< third', '< second', '< first'],
    ]);
  });

  it('an incoming call passes through side, namespaces, decorator, body and handlers, and its result in reverse', async () => {
    const { server, client } = await meet(way, { use: recording('side') });
    server.room.shelf.use(recording('shelf'));
    server.room.use(recording('room'));
    server.room.shelf.put.connect((_from, { text }) => {
      record.push('handler');
      return text;
    });
    expect(await client.room.shelf.put(null, { text: 'it' })).toBe('it');
    const inner = ['side >', 'room >', 'shelf >', 'mark >', 'body it', 'handler', '< mark', '< shelf', '< room'];
    expect(record).toEqual(['mark >', ...inner, '< side', '< mark']);
  });
});

it('interceptors of a namespace see only its calls, and those of a side see all', async () => {
  const { server, client } = await meet();
  const seen: string[] = [];
  server.use(({ path }, next) => {
    seen.push(`side ${path}`);
    return next();
  });
  server.room.use(({ path }, next) => {
    seen.push(`room ${path}`);
    return next();
  });
  server.implement({
    add: (_from, a, b) => a + b,
    note() {},
    count: () => [],
    each: () => 0,
    lend: () => 0,
    room: { enter: () => 1, shelf: { put: (_from, { text }) => text } },
  });
  await client.add(null, 1, 2);
  await client.room.enter(null, { name: 'ann' });
  await client.room.shelf.put(null, { text: 'x' });
  expect(seen).toEqual([
    ...['side add', 'side room.enter', 'room room.enter', 'side room.shelf.put', 'room room.shelf.put'],
  ]);
});

it('the function that `use` returns removes all of its interceptors, and running calls keep them', async () => {
  const { server, client } = await meet();
  const leave = server.use(recording('one'), recording('two'));
  let answer = (_value: number): void => {};
  server.add.connect(() => new Promise((resolve) => (answer = resolve)));
  const open = client.add(null, 1, 2);
  while (record.length < 2) await new Promise((resolve) => setImmediate(resolve));
  leave();
  leave();
  answer(3);
  expect(await open).toBe(3);
  expect(record).toEqual(['one >', 'two >', '< two', '< one']);
  const again = client.add(null, 1, 2);
  await client.room.enter(null, { name: 'x' }).catch(() => {});
  answer(4);
  expect(await again).toBe(4);
  expect(record).toHaveLength(4);
});

it('an interceptor may be added twice, and each is removed separately', async () => {
  const { server, client } = await meet();
  const one = recording('one');
  const leave = server.use(one);
  server.use(one);
  server.room.enter.connect(() => 1);
  await client.room.enter(null, { name: 'x' });
  expect(record).toEqual(['one >', 'one >', '< one', '< one']);
  leave();
  await client.room.enter(null, { name: 'x' });
  expect(record.slice(4)).toEqual(['one >', '< one']);
});

describe('a value that is not an interceptor', () => {
  it('is refused by use', async () => {
    const { server } = await meet();
    expect(() => server.use('log' as never)).toThrow('use() takes functions (call, next) => …, not log');
  });
  it('is refused as an option', async () => {
    await expect(meet(undefined, { use: ['log'] as never })).rejects.toThrow(
      'the option "use" must be a function (call, next) => …, or an array of them',
    );
  });
});
