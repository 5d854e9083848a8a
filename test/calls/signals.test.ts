import { getEventListeners } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import {
  Aborted,
  type Inverted,
  incoming,
  RemoteAPI,
  type Reply,
  type Sender,
  type Side,
  type Stream,
} from '../../src/index.js';
import { until } from '../support/core-waiting.js';

class Work extends RemoteAPI {
  @incoming({ hasReply: true }) hang(_sender: Sender, _args: { n: number; bad?: unknown }): Reply<number> {}
  @incoming({ hasReply: true }) echo(_sender: Sender, _args: { n: number }): Reply<number> {}
  @incoming({ hasReply: true }) relay(_sender: Sender, _args: { times: number }): Reply<number> {}
  @incoming({ hasReply: true }) apply(_sender: Sender, _args: { step: (n: number) => unknown }): Reply<void> {}
  @incoming({ stream: true }) items(_sender: Sender): Stream<number> {}
}

const open: { close(): Promise<void> }[] = [];
const warnings: string[] = [];
const warned = (warning: Error): void => void warnings.push(warning.message);
process.on('warning', warned);
afterEach(async () => {
  await Promise.all(open.splice(0).map((side) => side.close()));
  await new Promise((resolve) => setImmediate(resolve));
  expect(warnings.splice(0)).toEqual([]);
});

async function sides(): Promise<{ server: Side<Work>; client: Side<Inverted<Work>>; hung: () => number }> {
  let hung = 0;
  const hang = (): Promise<never> => {
    hung++;
    return new Promise(() => {});
  };
  const server = await Work.serve('tcp://127.0.0.1:0', { logger: null });
  server.hang.connect(hang);
  server.echo.connect((_sender, { n }) => n);
  server.items.connect(async function* () {
    yield hung++;
    yield await hang();
  });
  const client = await Work.invert().connect(server.address, { logger: null });
  open.push(client, server);
  return { server, client, hung: () => hung };
}

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;
const COUNT = 50;
const many = <T>(make: (n: number) => T): T[] => Array.from({ length: COUNT }, (_, n) => make(n));
const reasons = async (calls: readonly Promise<unknown>[]): Promise<unknown[]> =>
  (await Promise.allSettled(calls)).map((one) => (one.status === 'rejected' ? one.reason : one.value));

describe('one signal for many calls', () => {
  it('cancels all of them, even if the reason throws when it is read', async () => {
    const { client } = await sides();
    const controller = new AbortController();
    const { proxy, revoke } = Proxy.revocable({}, {});
    const calls = many((n) => client.to(null, { signal: controller.signal }).hang({ n }));
    revoke();
    controller.abort(proxy);
    for (const reason of await reasons(calls)) expect(reason).toBeInstanceOf(Aborted);
  });

  it('may call functions only', async () => {
    const { client } = await sides();
    const called: (() => void)[] = [];
    const signal = {
      aborted: false,
      reason: 'over',
      addEventListener: (_type: string, listener: () => void) => void called.push(listener),
      removeEventListener() {},
    };
    const calls = many((n) => client.to(null, { signal: signal as unknown as AbortSignal }).hang({ n }));
    signal.aborted = true;
    for (const listener of called) listener();
    for (const reason of await reasons(calls)) expect(reason).toBeInstanceOf(Aborted);
  });

  it('has one listener and prints no warning, and cancels the calls in their order', async () => {
    const { client } = await sides();
    const controller = new AbortController();
    const view = client.to(null, { signal: controller.signal });
    const order: number[] = [];
    const calls = many((n) => view.hang({ n }).finally(() => order.push(n)));
    expect(listeners(controller.signal)).toBe(1);
    controller.abort();
    for (const reason of await reasons(calls)) expect(reason).toBeInstanceOf(Aborted);
    expect(order).toEqual(many((n) => n));
    expect(listeners(controller.signal)).toBe(0);
    expect(client.pendingCalls()).toEqual([]);
  });

  it('has no listener after 10,000 calls, sequential and concurrent', async () => {
    const { client } = await sides();
    const { signal } = new AbortController();
    const view = client.to(null, { signal });
    for (let round = 0; round < 10; round++) {
      await Promise.all(Array.from({ length: 1_000 }, (_, n) => view.echo({ n })));
      expect(listeners(signal)).toBe(0);
    }
    expect(await view.echo({ n: 1 })).toBe(1);
    expect(listeners(signal)).toBe(0);
  });

  it('still cancels the others when some have settled', async () => {
    const { client } = await sides();
    const controller = new AbortController();
    const view = client.to(null, { signal: controller.signal });
    const hung = many((n) => view.hang({ n }));
    expect(await Promise.all(many((n) => view.echo({ n })))).toEqual(many((n) => n));
    expect(listeners(controller.signal)).toBe(1);
    controller.abort();
    for (const reason of await reasons(hung)) expect(reason).toBeInstanceOf(Aborted);
    expect(listeners(controller.signal)).toBe(0);
  });

  it('cancels streams and gather', async () => {
    const { client, hung } = await sides();
    const controller = new AbortController();
    const streams = many(() => client.to(null, { signal: controller.signal }).items()[Symbol.asyncIterator]());
    for (const stream of streams) expect((await stream.next()).done).toBe(false);
    const gathered = many((n) => client.gather(null, { signal: controller.signal }).hang({ n }));
    expect(listeners(controller.signal)).toBe(1);
    await until(() => hung() >= 3 * COUNT);
    controller.abort();
    for (const reason of await reasons(streams.map((stream) => stream.next()))) expect(reason).toBeInstanceOf(Aborted);
    for (const [one] of await Promise.all(gathered)) expect(one?.status).toBe('rejected');
    expect(listeners(controller.signal)).toBe(0);
  });

  it('has one listener for a request to many receivers', async () => {
    const { server } = await sides();
    const more = await Promise.all(many(() => Work.invert().connect(server.address, { logger: null })));
    open.push(...more);
    const asking = await Work.invert().serve('tcp://127.0.0.1:0', { logger: null });
    const answering = await Promise.all(many(() => Work.connect(asking.address, { logger: null })));
    open.push(asking, ...answering);
    for (const side of answering) side.hang.connect(() => new Promise(() => {}));
    await until(() => asking.peers.size === COUNT);
    const controller = new AbortController();
    const call = asking.to(null, { signal: controller.signal }).hang({ n: 0 });
    expect(listeners(controller.signal)).toBe(1);
    controller.abort();
    await expect(call).rejects.toThrow(Aborted);
    expect(listeners(controller.signal)).toBe(0);
  });

  it('cancels a call whose arguments abort it while they are encoded', async () => {
    const { client } = await sides();
    const controller = new AbortController();
    const bad = { toJSON: () => controller.abort(new Error('while encoding')) };
    const call = client.to(null, { signal: controller.signal, timeout: 600_000 }).hang({ n: 0, bad });
    await expect(call).rejects.toThrow('the call was cancelled: while encoding');
    expect(listeners(controller.signal)).toBe(0);
  });
});

describe('calls within one sender', () => {
  it('have one listener on its signal, and are cancelled with it', async () => {
    const { server, client, hung } = await sides();
    const upstream = await Work.invert().connect(server.address, { logger: null });
    open.push(upstream);
    let seen: AbortSignal | undefined;
    const ends: unknown[] = [];
    server.relay.connect(async (sender, { times }) => {
      seen = sender.signal;
      const calls = Array.from({ length: times }, (_, n) => upstream.to(null, { within: sender }).hang({ n }));
      ends.push(...(await reasons(calls)));
      return times;
    });
    const controller = new AbortController();
    const call = client.to(null, { signal: controller.signal }).relay({ times: COUNT });
    await until(() => hung() === COUNT);
    expect(listeners(seen as AbortSignal)).toBe(1);
    controller.abort();
    await expect(call).rejects.toThrow(Aborted);
    await until(() => ends.length === COUNT);
    for (const reason of ends) expect(reason).toBeInstanceOf(Aborted);
    expect(listeners(seen as AbortSignal)).toBe(0);
  });
});
