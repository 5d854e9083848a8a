import { afterEach, describe, expect, it } from 'vitest';
import { Code } from '../../src/index.js';
import { closeAll, meet, record, until, ways } from './sides.js';

afterEach(closeAll);

describe.each(ways)('over %s with %s, a handler that runs after the reply', (...way) => {
  it('receives the sender and the arguments as the handlers had them, once the answer is sent', async () => {
    const { server, client } = await meet(way);
    server.on('method.sent', () => record.push('sent'));
    server.use((call, next) => {
      call.args = [10, 20];
      return next();
    });
    server.add.connect((_from, a, b) => {
      record.push('handler');
      return a + b;
    });
    server.add.after(({ id }, a, b) => record.push(`after ${a} ${b} ${typeof id}`));
    server.add.after(async () => record.push('and then'));
    expect(await client.add(null, 1, 2)).toBe(30);
    expect(record).toEqual(['handler', 'sent', 'after 10 20 string', 'and then']);
  });

  it('runs after an asynchronous handler, and not after one that fails', async () => {
    const { server, client } = await meet(way);
    server.add.after(() => record.push('after'));
    let fail = false;
    server.add.connect(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      if (fail) throw new Error('no');
      record.push('handler');
      return 1;
    });
    await client.add(null, 1, 2);
    expect(record).toEqual(['handler', 'after']);
    fail = true;
    await expect(client.add(null, 1, 2)).rejects.toThrow('no');
    await client.room.enter(null, { name: '' }).catch(() => {});
    expect(record).toHaveLength(2);
  });

  it('runs when the handlers of a notification have ended, or the items of a stream have been sent', async () => {
    const { server, client } = await meet(way);
    server.note.connect(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      record.push('note');
    });
    server.note.after(() => record.push('after note'));
    client.note(null, { text: '' });
    await until(() => record.length === 2);
    expect(record).toEqual(['note', 'after note']);
    server.count.connect(async function* () {
      yield 1;
      record.push('last');
    });
    server.count.after(() => record.push('after count'));
    for await (const item of client.count(null, { to: 1 })) expect(item).toBe(1);
    await until(() => record.length === 4);
    expect(record.slice(2)).toEqual(['last', 'after count']);
  });
});

it('may throw or reject, which is reported and has no other effect', async () => {
  const told: unknown[] = [];
  const { server, client } = await meet(undefined, {
    logger: { warn: (_text, error) => told.push(error), error() {} },
  });
  server.add.connect(() => 1);
  server.add.after(() => {
    throw new Error('one');
  });
  server.add.after(async () => {
    throw new Error('two');
  });
  server.add.after(() => record.push('three'));
  expect(await client.add(null, 1, 2)).toBe(1);
  await until(() => told.length === 2);
  expect(told).toEqual([new Error('one'), new Error('two')]);
  expect(record).toEqual(['three']);
});

it('does not count as a handler of the call, and can be removed', async () => {
  const { server, client } = await meet();
  const leave = server.add.after(() => record.push('after'));
  await expect(client.add(null, 1, 2)).rejects.toMatchObject({ code: Code.MethodNotFound });
  server.add.connect(() => 1);
  await client.add(null, 1, 2);
  leave();
  leave();
  await client.add(null, 1, 2);
  expect(record).toEqual(['after']);
  expect(() => server.add.after('no' as never)).toThrow('add: a handler must be a function, not no');
});

it('a call that times out is answered; callbacks of afterReply run then and when the handler ends', async () => {
  const { server, client } = await meet(undefined, { handlerTimeout: 15 });
  let end = (): void => {};
  server.add.connect(async (sender) => {
    sender.afterReply(() => record.push('at once'));
    await new Promise<void>((resolve) => (end = resolve));
    sender.afterReply(() => record.push('late'));
    return 1;
  });
  await expect(client.add(null, 1, 2)).rejects.toMatchObject({ code: Code.Timeout });
  expect(record).toEqual(['at once']);
  end();
  await until(() => record.length === 2);
  expect(record).toEqual(['at once', 'late']);
});
