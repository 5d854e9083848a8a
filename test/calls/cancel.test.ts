import { describe, expect, it } from 'vitest';
import { Aborted, ConnectionLost, type Sender } from '../../src/index.js';
import { RawClient } from '../support/core-raw.js';
import { until } from '../support/core-waiting.js';
import { cancelThousands, held, open, sides, Work } from './work.js';

describe('a cancelled call', () => {
  it('rejects at once with Aborted, whose cause is the reason, and aborts the signal of the handler', async () => {
    const { server, client } = await sides();
    const heard = new Promise<unknown>((resolve) => {
      server.hang.connect(
        (sender) =>
          new Promise((_, reject) => {
            sender.signal.addEventListener('abort', () => {
              resolve(sender.signal.reason);
              reject(sender.signal.reason);
            });
          }),
      );
    });
    const controller = new AbortController();
    const call = client.to(null, { signal: controller.signal }).hang({});
    await new Promise((resolve) => setImmediate(resolve));
    const reason = new Error('changed my mind');
    controller.abort(reason);
    await expect(call).rejects.toMatchObject({
      name: 'Aborted',
      cause: reason,
      message: expect.stringContaining('changed my mind'),
    });
    expect(await heard).toMatchObject({
      name: 'Aborted',
      message: 'the caller cancelled the call: the call was cancelled: changed my mind',
    });
  });

  it('is not sent if its signal has already aborted', async () => {
    const { server, client } = await sides();
    let called = 0;
    server.hang.connect(() => `${called++}`);
    await expect(client.to(null, { signal: AbortSignal.abort() }).hang({})).rejects.toThrow(Aborted);
    server.echo.connect((_sender, { n }) => n);
    expect(await client.echo(null, { n: 1 })).toBe(1);
    expect(called).toBe(0);
  });

  it('does not start if it is still queued', async () => {
    const { server, client } = await sides({ concurrency: 1 });
    const begun: number[] = [];
    const ends: ((text: string) => void)[] = [];
    server.hang.connect((_sender, { n = 0 }) => {
      begun.push(n);
      return new Promise((resolve) => ends.push(resolve));
    });
    const controller = new AbortController();
    const first = client.hang(null, { n: 1 });
    const second = client.to(null, { signal: controller.signal }).hang({ n: 2 });
    const third = client.hang(null, { n: 3 });
    await until(() => begun.length === 1);
    await until(() => held(server) === 3);
    controller.abort();
    await expect(second).rejects.toThrow(Aborted);
    await until(() => held(server) === 2);
    ends[0]?.('first');
    expect(await first).toBe('first');
    await until(() => begun.length === 2);
    expect(begun).toEqual([1, 3]);
    ends[1]?.('third');
    expect(await third).toBe('third');
  });

  it('ignores an answer that arrives late', async () => {
    const { server, client } = await sides();
    const told: unknown[] = [];
    const again = await Work.invert().connect(server.address, {
      logger: { warn: (...line) => told.push(line), error: (...line) => told.push(line) },
    });
    open.push(again);
    let answer: (text: string) => void = () => {};
    server.hang.connect(() => new Promise((resolve) => (answer = resolve)));
    const controller = new AbortController();
    const call = again.to(null, { signal: controller.signal }).hang({});
    server.echo.connect((_sender, { n }) => n);
    await again.echo(null, { n: 1 });
    controller.abort();
    await expect(call).rejects.toThrow(Aborted);
    answer('late');
    expect(await again.echo(null, { n: 2 })).toBe(2);
    expect(told).toEqual([]);
    expect(client.pendingCalls()).toEqual([]);
  });

  // cancel.slow.test.ts does this a hundred thousand times.
  it('leaves nothing behind, 10,000 times: no listener, no entry in a table', () => cancelThousands(10), 60_000);
});

describe('the signal of a sender', () => {
  it('aborts when the link ends, also for a notification', async () => {
    const { server, client } = await sides();
    const reasons: Promise<unknown>[] = [];
    const abortOf = (sender: Sender): Promise<unknown> =>
      new Promise((resolve) => sender.signal.addEventListener('abort', () => resolve(sender.signal.reason)));
    server.hang.connect((sender) => {
      reasons.push(abortOf(sender));
      return new Promise(() => {});
    });
    server.run.connect((sender) => {
      reasons.push(abortOf(sender));
      return new Promise<void>(() => {}) as unknown as void;
    });
    const call = client.hang(null, {});
    client.run(null);
    await until(() => reasons.length === 2);
    const lost = expect(call).rejects.toThrow(ConnectionLost);
    await client.close();
    await lost;
    for (const reason of await Promise.all(reasons)) expect(reason).toBeInstanceOf(ConnectionLost);
  });

  it('is already aborted if it is read after the end', async () => {
    const { server, client } = await sides();
    let state: boolean | undefined;
    server.hang.connect(async (sender) => {
      await until(
        () => (sender as unknown as { detailsIfAny?: { cancelled?: unknown } }).detailsIfAny?.cancelled !== undefined,
      );
      state = sender.signal.aborted;
      return '';
    });
    const controller = new AbortController();
    const call = client.to(null, { signal: controller.signal, timeout: 5_000 }).hang({});
    server.echo.connect((_sender, { n }) => n);
    await client.echo(null, { n: 1 });
    controller.abort();
    await expect(call).rejects.toThrow(Aborted);
    await until(() => state === true);
  });
});

describe('a peer that is not Obverse', () => {
  it('cancels a call with rpc.cancel, which is answered with Aborted', async () => {
    const { server } = await sides();
    server.hang.connect(
      (sender) =>
        new Promise((_, reject) => sender.signal.addEventListener('abort', () => reject(sender.signal.reason))),
    );
    using client = await RawClient.connect(server.address);
    client.write({ jsonrpc: '2.0', id: 'x', method: 'hang', params: {} });
    await until(() => held(server) === 1);
    client.write({ jsonrpc: '2.0', method: 'rpc.cancel', params: ['x', 'no use'] });
    expect((await client.answers(1))[0]).toMatchObject({
      id: 'x',
      error: { code: -32012, message: 'the caller cancelled the call: no use' },
    });
  });

  it.each([[['nobody']], [[null]], [[{}]], [[]], [{}]])('has no effect with rpc.cancel of %j', async (params) => {
    const { server } = await sides();
    server.echo.connect((_sender, { n }) => n);
    using client = await RawClient.connect(server.address);
    client.write({ jsonrpc: '2.0', method: 'rpc.cancel', params });
    client.write({ jsonrpc: '2.0', id: 1, method: 'echo', params: { n: 5 } });
    expect((await client.answers(1))[0]).toMatchObject({ id: 1, result: 5 });
  });
});
