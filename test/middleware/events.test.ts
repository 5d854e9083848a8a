import { afterEach, describe, expect, it } from 'vitest';
import { type CallContext, type CallEvents, Code, passed, RpcError, type Side } from '../../src/index.js';
import { closeAll, House, meet, record, recording, until, ways } from './sides.js';

afterEach(closeAll);

const events: readonly (keyof CallEvents)[] = [
  ...(['method.created', 'method.call', 'method.return', 'method.exception', 'method.sent', 'method.closed'] as const),
];

/** Records all events of a side. */
function listen(side: { on: Side<House>['room']['on'] }, name = ''): void {
  for (const event of events) {
    side.on(event, (call: CallContext, what?: unknown) => {
      const told = what instanceof Error ? what.message : typeof what === 'number' ? `${what}` : '';
      record.push(`${name}${event.slice('method.'.length)} ${call.path}${told && `: ${told}`}`);
    });
  }
}

describe.each(ways)('over %s with %s, events report', (...way) => {
  it('a successful call', async () => {
    const { server, client } = await meet(way);
    listen(server);
    server.add.connect(async (sender, a, b) => {
      sender.afterReply(() => record.push('after the reply'));
      await Promise.resolve();
      record.push('handler');
      return a + b;
    });
    expect(await client.add(null, 1, 2)).toBe(3);
    await until(() => record.length === 7);
    expect(record).toEqual([
      ...['created add', 'call add', 'handler', 'return add: 3', 'sent add', 'after the reply', 'closed add'],
    ]);
  });

  it('a call that fails, and one that is refused before its handler runs', async () => {
    const { server, client } = await meet(way);
    listen(server);
    server.add.connect(() => {
      throw new RpcError('no', 7);
    });
    await expect(client.add(null, 1, 2)).rejects.toThrow('no');
    expect(record).toEqual(['created add', 'call add', 'exception add: no', 'sent add', 'closed add']);
    record.length = 0;
    server.use(() => {
      throw new RpcError('refused', 8);
    });
    await expect(client.add(null, 1, 2)).rejects.toThrow('refused');
    expect(record).toEqual(['created add', 'exception add: refused', 'sent add', 'closed add']);
  });

  it('a notification, which is not answered', async () => {
    const { server, client } = await meet(way);
    listen(server);
    server.note.connect(() => {});
    client.note(null, { text: 'x' });
    await until(() => record.includes('closed note'));
    expect(record).toEqual(['created note', 'call note', 'return note', 'closed note']);
  });

  it('outgoing calls', async () => {
    const { server, client } = await meet(way);
    listen(client);
    server.add.connect((_from, a, b) => a + b);
    await client.add(null, 1, 2);
    client.note(null, { text: 'x' });
    await expect(client.room.enter(null, { name: '' })).rejects.toThrow();
    expect(record).toEqual([
      ...['created add', 'call add', 'return add: 3', 'closed add'],
      ...['created note', 'call note', 'return note', 'closed note'],
      ...['created room.enter', 'call room.enter'],
      'exception room.enter: nobody handles room.enter: no handler is connected',
      'closed room.enter',
    ]);
  });

  it('streams, which are closed after their items', async () => {
    const { server, client } = await meet(way);
    listen(server, 'server ');
    listen(client, 'client ');
    server.count.connect(function* () {
      record.push('item');
      yield 1;
    });
    for await (const item of client.count(null, { to: 1 })) record.push(`got ${item}`);
    await until(() => record.includes('server closed count'));
    const of = (side: string): string[] =>
      record.filter((one) => one.startsWith(side)).map((one) => one.split(' ')[1] as string);
    expect(of('server')).toEqual(['created', 'call', 'return', 'sent', 'closed']);
    expect(of('client')).toEqual(['created', 'call', 'return', 'closed']);
    const at = (what: string): number => record.indexOf(what);
    expect(at('item')).toBeLessThan(at('server sent count'));
    expect(at('got 1')).toBeLessThan(at('client closed count'));
  });

  it('a call that times out: it is closed when its handler has ended', async () => {
    const { server, client } = await meet(way, { handlerTimeout: 15 });
    listen(server);
    let end = (): void => {};
    server.add.connect(() => new Promise((resolve) => (end = () => resolve(1))));
    await expect(client.add(null, 1, 2)).rejects.toMatchObject({ code: Code.Timeout });
    expect(record).toEqual(['created add', 'call add', 'sent add']);
    end();
    await until(() => record.length === 5);
    expect(record.slice(3)).toEqual(['return add: 1', 'closed add']);
  });

  it('a call whose caller has disconnected, which is not answered', async () => {
    const { server, client } = await meet(way);
    listen(server);
    let end = (): void => {};
    server.add.connect(() => new Promise((resolve) => (end = () => resolve(1))));
    client.add(null, 1, 2).catch(() => {});
    await until(() => record.length === 2);
    await client.close();
    await until(() => server.peers.size === 0);
    end();
    await until(() => record.length === 4);
    expect(record).toEqual(['created add', 'call add', 'return add: 1', 'closed add']);
  });
});

it('listeners are called in the order in which they were added, outside of all interceptors, and can be removed', async () => {
  const { server, client } = await meet();
  const leave = server.on('method.call', () => record.push('one'));
  server.on('method.call', () => record.push('two'));
  server.on('method.created', () => record.push('created'));
  server.use(recording('interceptor'));
  server.room.enter.connect(() => 1);
  await client.room.enter(null, { name: 'x' });
  expect(record).toEqual(['created', 'interceptor >', 'one', 'two', '< interceptor']);
  leave();
  record.length = 0;
  await client.room.enter(null, { name: 'x' });
  expect(record).toEqual(['created', 'interceptor >', 'two', '< interceptor']);
});

it('listeners of a namespace receive only calls of its methods', async () => {
  const { server, client } = await meet();
  listen(server.room);
  server.add.connect(() => 1);
  server.room.shelf.put.connect(() => '');
  await client.add(null, 1, 2);
  await client.room.shelf.put(null, { text: 'x' });
  expect(record.filter((one) => one.startsWith('created'))).toEqual(['created room.shelf.put']);
});

it('all events of a call have the same context, with its state', async () => {
  const { server, client } = await meet();
  const seen = new Set<CallContext>();
  for (const event of events) server.on(event, (call: CallContext) => seen.add(call));
  server.use((call, next) => {
    seen.add(call);
    return next();
  });
  server.add.connect(() => 1);
  await client.add(null, 1, 2);
  expect(seen.size).toBe(1);
});

it('what a listener throws, or rejects with, is logged, and the call continues', async () => {
  const told: unknown[][] = [];
  const { server, client } = await meet(undefined, { logger: { warn() {}, error: (...all) => told.push(all) } });
  server.on('method.call', () => {
    throw new Error('one');
  });
  server.on('method.call', async () => {
    throw new Error('two');
  });
  server.add.connect((_from, a, b) => a + b);
  expect(await client.add(null, 1, 2)).toBe(3);
  expect(told).toEqual([
    ['obverse: a listener of method.call has failed:', new Error('one')],
    ['obverse: a listener of method.call has failed:', new Error('two')],
  ]);
});

it('an unknown event is refused', async () => {
  const { server } = await meet();
  expect(() => server.on('method.done' as 'method.call', () => {})).toThrow(
    'there is no event "method.done"; there are connect, disconnect, resumed, method.created, method.call',
  );
  expect(() => server.on('method.call', 'no' as never)).toThrow('a listener must be a function, not no');
});

it('a call of a side that was passed by reference has the events of that side, within those of a callback', async () => {
  const shop = House.create({ transport: 'memory:' });
  shop.add.connect((_from, a, b) => a + b);
  const { server, client } = await meet();
  listen(client);
  listen(shop, 'shop ');
  server.lend.connect(async (_from, house) => house.add(1, 2));
  expect(await client.lend(null, passed(shop))).toBe(3);
  await until(() => record.includes('closed callback.add'));
  expect(record.slice(2, -2)).toEqual([
    ...['created callback.add', 'call callback.add', 'shop created add', 'shop call add', 'shop return add: 3'],
    ...['return callback.add: 3', 'shop sent add', 'sent callback.add', 'shop closed add', 'closed callback.add'],
  ]);
});
