import { describe, expect, it } from 'vitest';
import { incoming, RemoteAPI, type Reply, type Sender } from '../../src/index.js';
import { stopClock } from '../../src/testing/index.js';
import { handle, Streams } from '../streams/spec.js';
import { RawClient } from '../support/core-raw.js';
import { until } from '../support/core-waiting.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n: number }): Reply<unknown> {}
}

/** A server whose handlers run until they are released, and a client that may use one id for many requests. */
async function sides(options: object = {}) {
  // The client may have ended only its own direction: its requests are aborted after `lingerMs`.
  const server = await Spec.serve('tcp://127.0.0.1:0', { logger: null, limits: { lingerMs: 200 }, ...options });
  const signals: Sender['signal'][] = [];
  const running: (() => void)[] = [];
  server.ask.connect(({ signal }, { n }) => {
    signals.push(signal);
    return new Promise((resolve) => running.push(() => resolve(n)));
  });
  const client = await RawClient.connect(server.address);
  const close = async () => {
    client.socket.destroy();
    await server.close();
  };
  return { server, client, signals, running, [Symbol.asyncDispose]: close };
}
const ask = (n: number, id: unknown = null) => ({ jsonrpc: '2.0', id, method: 'ask', params: { n } });
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

describe('requests whose id is null', () => {
  it('are all cancelled when their link ends', async () => {
    await using far = await sides();
    far.client.write(...upTo(5).map((n) => ask(n)));
    await until(() => far.signals.length === 5);
    far.client.socket.destroy();
    await until(() => far.signals.every((signal) => signal.aborted));
  });

  it('are all ended and answered by handlerTimeout', async () => {
    await using far = await sides({ handlerTimeout: 20 });
    far.client.write(...upTo(5).map((n) => ask(n)));
    const late = { jsonrpc: '2.0', id: null, error: { code: -32011, message: 'ask did not finish in time' } };
    expect(await far.client.answers(5)).toEqual(Array(5).fill(late));
    expect(far.signals.map((signal) => signal.aborted)).toEqual(Array(5).fill(true));
    // Each is answered once, whatever its handler returns afterwards.
    for (const finish of far.running) finish();
    far.client.write({ jsonrpc: '2.0', id: 6, method: 'nobody' });
    expect((await far.client.answers(6))[5]).toMatchObject({ id: 6, error: { code: -32601 } });
  });

  it('are all answered while some of them are queued, and release their places', async () => {
    await using far = await sides({ concurrency: 2 });
    far.client.write(...upTo(6).map((n) => ask(n)), ask(7, 7));
    for (const n of upTo(7)) {
      await until(() => far.running.length >= n);
      far.running[n - 1]?.();
    }
    const answers = (await far.client.answers(7)) as { id: unknown; result: unknown }[];
    expect(answers.map(({ result }) => result)).toEqual(upTo(7));
    expect(answers.map(({ id }) => id)).toEqual([null, null, null, null, null, null, 7]);
  });

  it('cannot be cancelled, because the id does not identify one of them', async () => {
    await using far = await sides();
    const cancel = { jsonrpc: '2.0', method: 'rpc.cancel', params: [null] };
    far.client.write(ask(1), ask(2), cancel, ask(3, 3), { ...cancel, params: [3] });
    await until(() => far.signals.length === 3 && far.signals[2]?.aborted === true);
    expect(far.signals.map((signal) => signal.aborted)).toEqual([false, false, true]);
  });
});

describe('messages about a call whose id is null', () => {
  it('are not sent for progress, because the id does not identify the call', async () => {
    await using server = await Spec.serve('tcp://127.0.0.1:0', { logger: null });
    server.ask.connect((sender, { n }) => {
      sender.progress(n);
      return sender.wantsProgress;
    });
    using client = await RawClient.connect(server.address);
    const about = (call: unknown) => ({ jsonrpc: '2.0', method: 'rpc.about', params: { call, progress: true } });
    client.write(about(null), ask(1), about(2), ask(2, 2));
    expect(await client.answers(3)).toMatchObject([
      { id: null, result: false },
      { method: 'rpc.progress', params: [2, 2] },
      { id: 2, result: true },
    ]);
  });

  it('are not sent for streams: the answer is a list', async () => {
    await using side = await Streams.serve('tcp://127.0.0.1:0', { logger: null });
    const seen = handle(side);
    using client = await RawClient.connect(side.address);
    const count = { jsonrpc: '2.0', id: null, method: 'count', params: { to: 3, kind: 'async' } };
    const about = { jsonrpc: '2.0', method: 'rpc.about', params: { call: null, window: [1, 1_000] } };
    client.write(about, count, count);
    const answers = await client.answers(2);
    expect(answers).toContainEqual({ jsonrpc: '2.0', id: null, result: [0, 1, 2] });
    expect(answers).toContainEqual(
      expect.objectContaining({ id: null, error: expect.objectContaining({ code: -32600 }) }),
    );
    expect(seen.ended).toBe(1);
  });
});

describe('ids of requests', () => {
  it.each([
    ['0 and -0', '0', '-0'],
    ['1 and 1.0', '1', '1.0'],
    ['1 and 1e0', '1', '1e0'],
  ])('%s are equal, and in use until the request is answered', async (_name, one, other) => {
    await using far = await sides();
    const line = (id: string, n: number) => `{"jsonrpc":"2.0","id":${id},"method":"ask","params":{"n":${n}}}\n`;
    far.client.write(line(one, 1), line(other, 2));
    expect(await far.client.answers(1)).toMatchObject([{ id: Number(one), error: { code: -32600 } }]);
    far.running[0]?.();
    expect((await far.client.answers(2))[1]).toMatchObject({ id: Number(one), result: 1 });
  });

  it('1 and "1" are different', async () => {
    await using far = await sides();
    far.client.write(ask(1, 1), ask(2, '1'));
    await until(() => far.running.length === 2);
    for (const finish of far.running) finish();
    expect(await far.client.answers(2)).toMatchObject([
      { id: 1, result: 1 },
      { id: '1', result: 2 },
    ]);
  });
});

it('a request with the id null that times out does not affect the timeout of another one', async () => {
  using clock = stopClock();
  await using far = await sides({ handlerTimeout: 1_000 });
  far.client.write(ask(1));
  await until(() => far.signals.length === 1);
  await clock.turn(500);
  far.client.write(ask(2));
  await until(() => far.signals.length === 2);
  await clock.turn(501);
  expect(far.signals.map((signal) => signal.aborted)).toEqual([true, false]);
  await clock.turn(500);
  expect(far.signals.map((signal) => signal.aborted)).toEqual([true, true]);
});
