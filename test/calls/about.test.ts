import { afterEach, describe, expect, it } from 'vitest';
import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender, type Side } from '../../src/index.js';
import { RawClient } from '../support/core-raw.js';
import { failure, Log, until } from '../support/core-waiting.js';

class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) known(_sender: Sender, _args?: object): Reply<unknown> {}
  @outgoing({ hasReply: true }) ask(_to: Receivers, _args: { n: number }): Reply<unknown> {}
}

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((side) => side.close()));
});

async function serving(): Promise<{ server: Side<Desk>; log: Log }> {
  const log = new Log();
  const server = await Desk.serve('tcp://127.0.0.1:0', { logger: log });
  open.push(server);
  server.known.connect((sender, args) => ({
    metadata: sender.metadata,
    left: sender.timeLeft,
    progress: sender.wantsProgress,
    args,
  }));
  return { server, log };
}

/** A value in the tagged form; it is read as one only if rpc.about says so. */
const tagged = { $rpc: ['obj', { x: 1 }] };
const about = (params: unknown) => ({ jsonrpc: '2.0', method: 'rpc.about', params });
const call = (id: unknown) => ({ jsonrpc: '2.0', id, method: 'known', params: { a: tagged } });
/** A call without any headers. JSON cannot represent Infinity. */
const nothing = { metadata: {}, left: null, progress: false, args: { a: tagged } };

describe('rpc.about for a call', () => {
  it.each([9, 'nine', null])('applies to the call with that id, here %j', async (id) => {
    const { server, log } = await serving();
    using far = await RawClient.connect(server.address);
    far.write(about({ call: id, metadata: { a: 1 }, timeout: 60_000 }), call(id ?? 1));
    const [answer] = (await far.answers(1)) as [{ result: { left: number } }];
    // Null is the next notification.
    if (id === null) expect(answer.result).toEqual(nothing);
    else expect(answer.result).toEqual({ ...nothing, metadata: { a: 1 }, left: expect.any(Number) });
    const lost = 'rpc.about for a notification is ignored: the call 1 arrived before that call';
    expect(log.texts).toEqual(id === null ? [lost] : []);
  });

  it.each([
    { timeout: 0 },
    { timeout: -1 },
    { timeout: '60000' },
    { metadata: 5 },
    { metadata: null },
    { metadata: [1] },
    { progress: 'yes' },
    { progress: 1 },
    { tagged: 1 },
    { tagged: 'yes' },
    { window: [5, -1] },
    { window: [5, '9'] },
    { window: [5] },
    { window: 5 },
  ])('is ignored if the value is %j', async (said) => {
    const { server } = await serving();
    using far = await RawClient.connect(server.address);
    far.write(about({ call: 9, ...said }), call(9));
    expect(await far.answers(1)).toEqual([{ jsonrpc: '2.0', id: 9, result: nothing }]);
  });

  it.each([
    [[5], 'rpc.about takes one object'],
    [[[1]], 'rpc.about takes one object'],
    [[null], 'rpc.about takes one object'],
    [undefined, 'rpc.about takes one object'],
    [{ metadata: {} }, 'rpc.about must name either the call or the answer that it is about'],
    [{ call: {}, answer: true }, 'rpc.about must name either the call or the answer that it is about'],
  ])('is reported if it is not valid: %j', async (params, text) => {
    const { server, log } = await serving();
    using far = await RawClient.connect(server.address);
    far.write(about(params), call(9));
    expect(await far.answers(1)).toEqual([{ jsonrpc: '2.0', id: 9, result: nothing }]);
    expect(log.texts).toEqual([text]);
  });

  it('announces tagged values by true only', async () => {
    const { server } = await serving();
    using far = await RawClient.connect(server.address);
    far.write(about({ call: 1, tagged: true }), call(1));
    expect(await far.answers(1)).toMatchObject([{ result: { args: { a: { x: 1 } } } }]);
    for (const [at, [said, value]] of [[true, { x: 1 }] as const, [1, tagged] as const].entries()) {
      const asked = server.ask(null, { n: 1 });
      await far.until(() => far.lines.length === 2 + at);
      const { id } = JSON.parse(far.lines[1 + at] as string);
      far.write(about({ answer: id, tagged: said }), { jsonrpc: '2.0', id, result: tagged });
      expect(await asked).toEqual(value);
    }
  });

  it.each([
    [{ a: 1 }, { a: 1 }],
    [5, {}],
    [[1], {}],
    [null, {}],
  ])('for an answer is returned with the answer, as metadata %j', async (metadata, given) => {
    const { server } = await serving();
    using far = await RawClient.connect(server.address);
    await until(() => server.peers.size === 1);
    const asked = server.to(null).detailed.ask({ n: 1 });
    await far.answers(1);
    far.write(about({ answer: 1, metadata }), { jsonrpc: '2.0', id: 1, result: 'yes' });
    expect(await asked).toEqual({ value: 'yes', metadata: given });
  });
});

it('pendingCalls lists calls from the oldest on, whichever peer was called', async () => {
  const { server } = await serving();
  using one = await RawClient.connect(server.address);
  await until(() => server.peers.size === 1);
  using two = await RawClient.connect(server.address);
  await until(() => server.peers.size === 2);
  expect(server.pendingCalls()).toEqual([]);
  const [first, second] = [...server.peers.values()];
  const asked: Promise<unknown>[] = [];
  for (const [n, peer] of [second, first, second, first].entries()) {
    if (peer === undefined) throw new Error('there are two peers');
    asked.push(failure(server.ask(peer, { n })));
    const at = performance.now();
    await until(() => performance.now() > at + 1);
  }
  expect(server.pendingCalls().map(({ peer }) => peer)).toEqual([second, first, second, first]);
  one.socket.destroy();
  two.socket.destroy();
  await Promise.all(asked);
});

describe('several rpc.about for one call', () => {
  it('are merged: earlier metadata is kept, and a repeated field replaces only itself', async () => {
    const { server, log } = await serving();
    using far = await RawClient.connect(server.address);
    far.write(about({ call: 1, metadata: { a: 1 }, tagged: true }), about({ call: 1, progress: true }), call(1));
    far.write(about({ call: 2, metadata: { a: 1 } }), about({ call: 2, metadata: { b: 2 } }), call(2));
    expect(await far.answers(2)).toMatchObject([
      { result: { metadata: { a: 1 }, progress: true, args: { a: { x: 1 } } } },
      { result: { metadata: { b: 2 }, progress: false } },
    ]);
    expect(log.texts).toEqual([]);
  });

  it('are merged for an answer, too', async () => {
    const { server } = await serving();
    using far = await RawClient.connect(server.address);
    await until(() => server.peers.size === 1);
    const asked = server.to(null).detailed.ask({ n: 1 });
    await far.answers(1);
    far.write(about({ answer: 1, metadata: { a: 1 } }), about({ answer: 1, tagged: true }));
    far.write({ jsonrpc: '2.0', id: 1, result: tagged });
    expect(await asked).toEqual({ value: { x: 1 }, metadata: { a: 1 } });
  });

  it('are reported if another call comes first, and do not apply to that call', async () => {
    const { server, log } = await serving();
    using far = await RawClient.connect(server.address);
    far.write(about({ call: 1, metadata: { a: 1 } }), about({ call: 2, metadata: { b: 2 } }), call(1), call(2));
    expect(await far.answers(2)).toMatchObject([{ result: { metadata: {} } }, { result: { metadata: {} } }]);
    expect(log.texts).toEqual([
      'rpc.about for the call 1 is ignored: rpc.about of the call 2 arrived before that call',
      'rpc.about for the call 2 is ignored: the call 1 arrived before that call',
    ]);
  });

  it.each([
    ['it cannot be read', { params: 5 }],
    ['it is nested too deep', { params: { a: JSON.parse(`${'['.repeat(1_100)}${']'.repeat(1_100)}`) } }],
  ])('do not apply to the next call with that id if %s', async (_why, refused) => {
    const { server } = await serving();
    using far = await RawClient.connect(server.address);
    far.write(about({ call: 1, metadata: { secret: 1 }, tagged: true }), { ...call(1), ...refused });
    await far.answers(1);
    far.write(call(1));
    expect((await far.answers(2))[1]).toMatchObject({ result: nothing });
  });

  it('for an answer do not apply to the next answer with that id if the first is an error', async () => {
    const { server } = await serving();
    using far = await RawClient.connect(server.address);
    await until(() => server.peers.size === 1);
    const failed = failure(server.ask(null, { n: 1 }));
    await far.answers(1);
    far.write(about({ answer: 1, tagged: true }), { jsonrpc: '2.0', id: 1, error: { code: 1, message: 'no' } });
    await failed;
    const asked = server.ask(null, { n: 2 });
    await far.until(() => far.lines.length === 2);
    far.write({ jsonrpc: '2.0', id: 1, result: tagged });
    expect(await asked).toEqual(tagged);
  });
});

describe('an invalid field of rpc.about', () => {
  it.each([
    [{ window: 5 }, '"window" is a list of two whole numbers of 1 or more'],
    [{ window: [1.5, 9] }, '"window" is a list of two whole numbers of 1 or more'],
    [{ window: [0, 9] }, '"window" is a list of two whole numbers of 1 or more'],
    [
      { metadata: [1], window: [1] },
      '"metadata" is an object, and "window" is a list of two whole numbers of 1 or more',
    ],
    [{ timeout: 0 }, '"timeout" is a number above 0'],
    [{ progress: 1, tagged: 1 }, '"progress" is true or false, and "tagged" is true or false'],
  ])('is reported, and the other fields apply: %j', async (said, text) => {
    const { server, log } = await serving();
    using far = await RawClient.connect(server.address);
    far.write(about({ call: 1, metadata: { a: 1 }, timeout: 60_000, ...said }), call(1));
    const [answer] = (await far.answers(1)) as [{ result: { metadata: unknown; left: unknown } }];
    expect(answer.result.metadata).toEqual('metadata' in said ? {} : { a: 1 });
    expect(answer.result.left === null).toBe('timeout' in said);
    expect(log.texts).toEqual([`a part of rpc.about is ignored: ${text}`]);
  });
});
