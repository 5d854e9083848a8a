import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type CallContext,
  Code,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  RpcError,
  UsageError,
} from '../../src/index.js';
import { closeAll, House, meet, until, ways } from './sides.js';

/** Knows the method under another name. */
class Renamed extends RemoteAPI {
  @outgoing({ hasReply: true }) add(_to: Receivers, _args: { c: number }): Reply<number> {}
}

afterEach(closeAll);

describe.each(ways)('over %s with %s, an interceptor', (...way) => {
  it('sees the properties of the call, on either side', async () => {
    const seen: Partial<CallContext>[] = [];
    const look = (call: CallContext, next: () => unknown): unknown => {
      const { direction, kind, path, method, args, meta, logged } = call;
      seen.push({ direction, kind, path, method, args, meta, logged } as Partial<CallContext>);
      return next();
    };
    const { server, client, peer } = await meet(way, { use: look }, { use: look });
    server.add.connect((_from, a, b) => a + b);
    const told = new Promise((resolve) => client.tell.connect((_from, { text }) => resolve(text)));
    expect(await client.add(null, 1, 2)).toBe(3);
    server.tell(peer as never, { text: 'hello' });
    await told;
    const add = { kind: 'request', path: 'add', method: 'add', args: [1, 2], meta: { cost: 3 }, logged: true };
    const tell = { kind: 'notification', path: 'tell', method: 'tell', args: [{ text: 'hello' }], logged: true };
    expect(seen).toEqual([
      { direction: 'outgoing', ...add },
      { direction: 'incoming', ...add },
      { direction: 'outgoing', ...tell, meta: undefined },
      { direction: 'incoming', ...tell, meta: undefined },
    ]);
  });

  it('changes arguments and results, synchronously or not, on either side', async () => {
    const { server, client } = await meet(way);
    server.add.connect((_from, a, b) => a + b);
    server.use((call, next) => {
      call.args = call.args.map((arg) => (arg as number) * 10);
      return (next() as number) + 1;
    });
    expect(await client.add(null, 1, 2)).toBe(31);
    client.use(async (call, next) => {
      await sleep(1);
      call.args = [5, 5];
      return (await (next() as Promise<number>)) * 2;
    });
    expect(await client.add(null, 1, 2)).toBe(202);
    expect(await client.to(null).add(1, 2)).toBe(202);
    expect(await client.to(null).detailed.add(1, 2)).toEqual({ value: 202, metadata: {} });
    expect(await client.gather(null).add(1, 2)).toMatchObject([{ status: 'fulfilled', value: 202 }]);
  });

  it('answers instead of a handler, or of the other side', async () => {
    const { server, client } = await meet(way);
    server.use(({ path }, next) => (path === 'add' ? 42 : next()));
    // Nobody is connected.
    expect(await client.add(null, 1, 2)).toBe(42);
    await expect(client.room.enter(null, { name: 'ann' })).rejects.toMatchObject({ code: Code.MethodNotFound });
    client.use(() => 'cached');
    expect(await client.add(null, 1, 2)).toBe('cached');
  });

  it('changes errors into others, and into results', async () => {
    const { server, client } = await meet(way);
    server.add.connect(() => {
      throw new RpcError('no', 7);
    });
    server.use(async (_call, next) => {
      try {
        return await next();
      } catch (error) {
        throw new RpcError(`${(error as Error).message}!`, 8);
      }
    });
    await expect(client.add(null, 1, 2)).rejects.toMatchObject({ message: 'no!', code: 8 });
    client.use((_call, next) => (next() as Promise<number>).catch((error: RpcError) => -error.code));
    expect(await client.add(null, 1, 2)).toBe(-8);
  });

  it('that throws determines the error of the call', async () => {
    const { server, client } = await meet(way);
    let calls = 0;
    server.add.connect(() => ++calls);
    const leave = server.use(() => {
      throw new RpcError('closed today', 9);
    });
    await expect(client.add(null, 1, 2)).rejects.toMatchObject({ message: 'closed today', code: 9 });
    leave();
    client.use(() => {
      throw new RpcError('not sent', 10);
    });
    // It rejects, and does not throw.
    const answer = client.add(null, 1, 2);
    await expect(answer).rejects.toMatchObject({ message: 'not sent', code: 10 });
    expect(calls).toBe(0);
  });

  it('adds metadata to the call and reads the metadata of the answer', async () => {
    const { server, client } = await meet(way, {}, { defaults: { metadata: { app: 'test' } } });
    server.use((call, next) => {
      call.replyMetadata = { seen: call.metadata };
      call.metadata = { ...call.metadata, more: true };
      return next();
    });
    server.add.connect(({ metadata }) => Object.keys(metadata).length);
    let said: unknown;
    client.use(async (call, next) => {
      call.metadata = { ...call.metadata, token: 'abc' };
      const value = await next();
      said = call.replyMetadata;
      return value;
    });
    expect(await client.add(null, 1, 2)).toBe(3);
    expect(said).toEqual({ seen: { app: 'test', token: 'abc' } });
    said = undefined;
    await client.gather(null).add(1, 2);
    expect(said).toEqual({ seen: { app: 'test', token: 'abc' } });
    expect(await client.to(null).detailed.add(1, 2)).toEqual({ value: 3, metadata: said });
  });
});

it('metadata of an answer are available even if the call has none', async () => {
  const { server, client } = await meet();
  server.add.connect((sender) => {
    sender.replyMetadata = { cost: 3 };
    return 1;
  });
  let said: unknown;
  client.use(async (call, next) => {
    const value = await next();
    said = call.replyMetadata;
    return value;
  });
  expect(await client.add(null, 1, 2)).toBe(1);
  expect(said).toEqual({ cost: 3 });
});

describe('of a notification', () => {
  it('throws from the call if an interceptor throws synchronously, and nothing is sent', async () => {
    const { server, client } = await meet();
    const heard: string[] = [];
    client.tell.connect((_from, { text }) => heard.push(text));
    const leave = server.use(() => {
      throw new RpcError('stop', 1);
    });
    expect(() => server.tell(null, { text: 'one' })).toThrow('stop');
    expect(() => server.with({ ignoreErrors: true }).tell(null, { text: 'two' })).not.toThrow();
    leave();
    server.tell(null, { text: 'three' });
    await until(() => heard.length > 0);
    expect(heard).toEqual(['three']);
  });

  it('has later rejections of an interceptor logged', async () => {
    const told: unknown[][] = [];
    const logger = { warn: (...all: unknown[]) => told.push(all), error: (...all: unknown[]) => told.push(all) };
    const { server } = await meet(undefined, { logger });
    server.use(async () => {
      throw new RpcError('too late', 1);
    });
    expect(server.tell(null, { text: 'one' })).toBeUndefined();
    await until(() => told.length > 0);
    expect(told).toEqual([['obverse: tell was not sent:', expect.objectContaining({ message: 'too late' })]]);
  });

  it('is reported and not handled if an interceptor of the receiver throws', async () => {
    const told: unknown[][] = [];
    const logger = { warn: (...all: unknown[]) => told.push(all), error() {} };
    const { server, client } = await meet(undefined, { logger });
    const heard: string[] = [];
    server.note.connect((_from, { text }) => heard.push(text));
    server.use((call, next) => {
      const [{ text }] = call.args as [{ text: string }];
      if (text === 'bad') throw new RpcError('not this one', 1);
      return next();
    });
    client.note(null, { text: 'bad' });
    client.note(null, { text: 'good' });
    await until(() => heard.length > 0);
    expect(heard).toEqual(['good']);
    expect(told.map(([, error]) => error)).toEqual(['not this one']);
  });

  it('with an asynchronous interceptor is delayed like one with an asynchronous handler', async () => {
    const { server, client } = await meet();
    const heard: string[] = [];
    server.note.connect((_from, { text }) => heard.push(text));
    server.add.connect((_from, a, b) => a + b);
    let go = (): void => {};
    server.use((call, next) => {
      if ((call.args[0] as { text?: string }).text !== 'slow') return next();
      return new Promise<void>((resolve) => (go = resolve)).then(next);
    });
    client.note(null, { text: 'slow' });
    client.note(null, { text: 'quick' });
    expect(await client.add(null, 1, 2)).toBe(3);
    expect(heard).toEqual(['quick']);
    go();
    await until(() => heard.length === 2);
    expect(heard).toEqual(['quick', 'slow']);
  });
});

describe('next', () => {
  it('a second time throws a UsageError, and the call is made once', async () => {
    const { server, client } = await meet();
    let calls = 0;
    server.add.connect(() => ++calls);
    client.use(async (_call, next) => {
      await next();
      return next();
    });
    const answer = client.add(null, 1, 2);
    await expect(answer).rejects.toThrow(UsageError);
    await expect(answer).rejects.toThrow('add: an interceptor has called next() twice');
    expect(calls).toBe(1);
  });
});

describe('options of a call', () => {
  it('noReply: interceptors see a notification', async () => {
    const { server, client } = await meet();
    const kinds: string[] = [];
    client.use(({ kind }, next) => {
      kinds.push(kind);
      return next();
    });
    const served = new Promise((resolve) => server.add.connect((_from, a) => resolve(a) as never));
    expect(await client.to(null, { noReply: true }).add(1, 2)).toBeUndefined();
    expect(await served).toBe(1);
    expect(kinds).toEqual(['notification']);
  });

  it('ignoreErrors: interceptors see the error, and the caller does not', async () => {
    const { server, client } = await meet();
    server.add.connect(() => {
      throw new RpcError('no', 7);
    });
    const seen: unknown[] = [];
    client.use(async (_call, next) => {
      try {
        return await next();
      } catch (error) {
        seen.push((error as RpcError).code);
        throw error;
      }
    });
    expect(await client.to(null, { ignoreErrors: true }).add(1, 2)).toBeUndefined();
    expect(seen).toEqual([7]);
  });

  it('signal and timeout also apply to a call with interceptors', async () => {
    const { server, client } = await meet();
    const aborted = new Promise<boolean>((resolve) => {
      server.use((call, next) => {
        call.signal?.addEventListener('abort', () => resolve(true));
        return next();
      });
    });
    server.add.connect(() => new Promise(() => {}));
    client.use((_call, next) => next());
    const controller = new AbortController();
    const open = client.to(null, { signal: controller.signal }).add(1, 2);
    await client.room.enter(null, { name: 'x' }).catch(() => {});
    controller.abort();
    await expect(open).rejects.toMatchObject({ code: Code.Aborted });
    expect(await aborted).toBe(true);
    await expect(client.to(null, { timeout: 10 }).add(1, 2)).rejects.toMatchObject({ code: Code.Timeout });
  });
});

describe('several receivers', () => {
  it('a gathered call is a call for each receiver', async () => {
    const { server, client } = await meet();
    const other = await House.invert().connect(server.address, { logger: null });
    client.ask.connect(() => 'ann');
    other.ask.connect(() => {
      throw new RpcError('busy', 5);
    });
    const asked: unknown[] = [];
    server.use(async (call, next) => {
      asked.push((call.receivers as { id: string }).id);
      return `${await next()}!`;
    });
    const answers = await server.gather(null).ask({ text: '?' });
    expect(answers.map((one) => (one.status === 'fulfilled' ? one.value : one.reason.message))).toEqual([
      'ann!',
      'busy',
    ]);
    expect(asked).toEqual([...server.peers.keys()]);
    await other.close();
  });

  it('a gathered call can be cancelled before an interceptor calls next', async () => {
    const { server, client } = await meet();
    let asked = 0;
    client.ask.connect(() => `${++asked}`);
    let go = (): void => {};
    server.use(({ path }, next) =>
      path === 'ask' ? new Promise<void>((resolve) => (go = resolve)).then(next) : next(),
    );
    const gathering = server.gather(null).ask({ text: '?' });
    gathering.cancel();
    expect(await gathering).toMatchObject([{ status: 'rejected', reason: { code: Code.Aborted } }]);
    go();
    await client.add(null, 1, 2).catch(() => {});
    expect(asked).toBe(0);
  });

  it('a call to several is one call', async () => {
    const { server, client, peer } = await meet();
    client.ask.connect(() => 'ann');
    let calls = 0;
    server.use((call, next) => {
      calls++;
      expect(call.receivers).toEqual([peer]);
      return next();
    });
    expect(await server.ask([peer as never], { text: '?' })).toBe('ann');
    expect(calls).toBe(1);
  });
});

it('invalid arguments are passed to interceptors as received, with the error', async () => {
  const { server, client } = await meet();
  server.add.connect((_from, a, b) => a + b);
  const seen: unknown[] = [];
  server.use((call, next) => {
    try {
      return next();
    } catch (error) {
      seen.push(call.args, (error as RpcError).code);
      throw error;
    }
  });
  expect(await client.to(null).add(1, 2)).toBe(3);
  const renamed = await Renamed.connect(server.address, { logger: null });
  await expect(renamed.add(null, { c: 1 })).rejects.toMatchObject({ code: Code.InvalidParams });
  expect(seen).toEqual([[{ c: 1 }], Code.InvalidParams]);
  await renamed.close();
});

it('failures before a request is sent are rejections for interceptors too', async () => {
  const { server, client, peer } = await meet();
  const seen: unknown[] = [];
  server.use((_call, next) =>
    (next() as Promise<unknown>).catch((error: Error) => {
      seen.push(error.message);
      throw error;
    }),
  );
  await expect(server.ask('nobody', { text: '?' })).rejects.toThrow('no peer is called "nobody"');
  await expect(server.ask(undefined as never, { text: '?' })).rejects.toThrow('the first argument is the receivers');
  await expect(server.remote.ask(5 as never)).rejects.toThrow('ask takes one object');
  await client.close();
  await until(() => server.peers.size === 0);
  await expect(server.ask(peer as never, { text: '?' })).rejects.toThrow();
  expect(seen).toHaveLength(4);
});
