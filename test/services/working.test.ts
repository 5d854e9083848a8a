import { afterEach, expect, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import { ConnectionLost } from '../../src/index.js';
import { stopClock } from '../../src/testing/clock.js';
import memory from '../../transports/memory.js';
import { serviceRoom } from '../../transports/shared/memory/service.js';
import { failure } from '../support/core-waiting.js';
import { tapped } from '../support/tapped.js';
import { accepting, wire } from '../transports/link-log.js';
import { caller, room, worker } from './service-spec.js';

const BEAT = 400;
const address = (options = ''): string => room(`&callBeat=${BEAT}${options}`);

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((member) => member.close()));
});

/** A member that says nothing by itself: its links, and what has arrived over them. */
async function mute(url: string) {
  const member = memory(parseAddress(url), wire({ listen: true }));
  const { accept, logs } = accepting();
  await member.open(accept);
  open.push(member);
  const works = (...ids: unknown[]): void =>
    logs[0]?.link.send([JSON.stringify({ jsonrpc: '2.0', method: 'rpc.working', params: ids })]);
  const calls = (): { id: number; method: string }[] =>
    logs.flatMap(({ frames }) => frames.map((f) => JSON.parse(String(f))));
  return { calls, works };
}

/** A worker whose calls of `slow` end when they are told to, and the reports that it has sent. */
async function reporting(url: string, concurrency?: number) {
  const { codec, sent } = await tapped('jrpc');
  const side = await worker(url, { codec, ...(concurrency !== undefined && { concurrency }) });
  const ends: (() => void)[] = [];
  side.slow.connect((_sender, { n }) => new Promise((resolve) => ends.push(() => resolve(`slow ${n}`))));
  side.add.connect((_sender, { a, b }) => a + b);
  const reports = (): unknown[] => sent.filter(({ method }) => method === 'rpc.working').map(({ params }) => params);
  return { side, ends, reports };
}

for (const how of ['', '&blind']) {
  it(`keeps a call that its member reports${how}`, async () => {
    using clock = stopClock();
    const url = address(how);
    const { ends, reports } = await reporting(url);
    const jobs = await caller(url);
    const call = jobs.slow(null, { n: 1 });
    await clock.turn(20 * BEAT);
    // Not at the first look, which only finds it.
    expect(reports()).toHaveLength(19);
    ends[0]?.();
    expect(await call).toBe('slow 1');
    await clock.turn(5 * BEAT);
    expect(reports()).toHaveLength(19);
  });

  it(`rejects a call that nobody reports, after three beats${how}`, async () => {
    using clock = stopClock();
    const url = address(how);
    const { calls } = await mute(url);
    const jobs = await caller(url);
    let error: ConnectionLost | undefined;
    const lost = failure<ConnectionLost>(jobs.slow(null, { n: 1 })).then((reason) => (error = reason));
    await clock.turn(3 * BEAT - 1);
    expect(error).toBeUndefined();
    await clock.turn(1);
    await lost;
    expect(error).toBeInstanceOf(ConnectionLost);
    expect(error).toMatchObject({ maybeExecuted: true });
    expect(error?.message).toMatch(/^slow: for 1200 ms, nobody at jobs\d+ has reported to work on the call$/);
    expect(jobs.pendingCalls()).toEqual([]);
    // Whoever has it may stop.
    expect(calls().map(({ method }) => method)).toEqual(['slow', 'rpc.cancel']);
  });
}

it('reports also what waits for its turn', async () => {
  using clock = stopClock();
  const url = address();
  const { ends, reports } = await reporting(url, 1);
  const jobs = await caller(url);
  const called = [jobs.slow(null, { n: 1 }), jobs.slow(null, { n: 2 })];
  await clock.turn(10 * BEAT);
  expect(ends).toHaveLength(1);
  expect(reports()).toHaveLength(9);
  expect(new Set(reports().map((ids) => (ids as unknown[]).length))).toEqual(new Set([2]));
  ends[0]?.();
  expect(await called[0]).toBe('slow 1');
  await clock.turn(0);
  ends[1]?.();
  expect(await called[1]).toBe('slow 2');
});

it('sends nothing for calls that are shorter than a beat', async () => {
  using clock = stopClock();
  const url = address();
  const { ends, reports } = await reporting(url);
  const jobs = await caller(url);
  expect(await jobs.add(null, { a: 2, b: 40 })).toBe(42);
  await clock.turn(BEAT / 2);
  const call = jobs.slow(null, { n: 1 });
  await clock.turn(BEAT - 1);
  ends[0]?.();
  expect(await call).toBe('slow 1');
  await clock.turn(10 * BEAT);
  expect(reports()).toEqual([]);
});

it('counts three beats from the last report', async () => {
  using clock = stopClock();
  const url = address('&blind');
  const { calls, works } = await mute(url);
  const jobs = await caller(url);
  let error: unknown;
  const lost = failure(jobs.slow(null, { n: 1 })).then((reason) => (error = reason));
  await clock.turn(2 * BEAT);
  works(calls()[0]?.id);
  await clock.turn(3 * BEAT - 1);
  expect(error).toBeUndefined();
  await clock.turn(1);
  expect(error).toBeInstanceOf(ConnectionLost);
  await lost;
});

it('does not count while the service is away', async () => {
  using clock = stopClock();
  const url = address();
  const { ends, reports } = await reporting(url);
  const jobs = await caller(url);
  const call = jobs.slow(null, { n: 1 });
  await clock.turn(2.5 * BEAT);
  const here = serviceRoom(/memory:(\w+)/.exec(url)?.[1] ?? '');
  here.isAway = true;
  const before = reports().length;
  await clock.turn(20 * BEAT);
  expect(reports()).toHaveLength(before);
  const meanwhile = jobs.slow(null, { n: 2 });
  await clock.turn(BEAT);
  here.isAway = false;
  await clock.turn(20 * BEAT);
  for (const end of ends) end();
  expect(await Promise.all([call, meanwhile])).toEqual(['slow 1', 'slow 2']);
});

it.each([
  ['once, for nearly three beats', [[0.1, 2.9]]],
  ['at each of the times when reports are due', [0, 1, 2, 3, 4, 5].map((n) => [n + 0.3, n + 0.7])],
] as [string, [number, number][]][])('keeps a call while the service is away %s', async (_when, outages) => {
  using clock = stopClock();
  const url = address();
  const { ends } = await reporting(url);
  const jobs = await caller(url);
  const here = serviceRoom(/memory:(\w+)/.exec(url)?.[1] ?? '');
  // Reports are due at whole beats from this call on, and the next one is looked for half a beat away from these.
  await jobs.add(null, { a: 1, b: 2 });
  await clock.turn(4.5 * BEAT);
  const call = jobs.slow(null, { n: 1 });
  let now = 0;
  for (const [from, to] of outages) {
    await clock.turn((from - now) * BEAT);
    here.isAway = true;
    await clock.turn((to - from) * BEAT);
    here.isAway = false;
    now = to;
  }
  await clock.turn(4 * BEAT);
  ends[0]?.();
  expect(await call).toBe('slow 1');
});

it('keeps a call that is reported, and rejects one that is not, where the service is away again and again for a short time', async () => {
  using clock = stopClock();
  const url = address();
  const [silent, { ends }] = [await mute(url), await reporting(url)];
  const jobs = await caller(url);
  const here = serviceRoom(/memory:(\w+)/.exec(url)?.[1] ?? '');
  let error: ConnectionLost | undefined;
  // Each of them has one.
  const calls = [failure<ConnectionLost>(jobs.slow(null, { n: 1 })), jobs.slow(null, { n: 2 })];
  void calls[0]?.then((reason) => (error = reason as ConnectionLost));
  await clock.turn(0);
  expect([silent.calls().length, ends.length]).toEqual([1, 1]);
  // Away for a third of each beat, at another time of it; reports wait meanwhile.
  for (let beats = 0; beats < 12; beats++) {
    const before = (beats * BEAT) / 12;
    await clock.turn(before / 2);
    here.isAway = true;
    await clock.turn(BEAT / 3);
    here.isAway = false;
    await clock.turn(BEAT - before / 2 - BEAT / 3);
  }
  await clock.turn(5 * BEAT);
  await calls[0];
  expect(error).toBeInstanceOf(ConnectionLost);
  ends[0]?.();
  expect(await calls[1]).toBe('slow 2');
});

it('takes no reports of a call from others than its holder, and none of other things than ids', async () => {
  using clock = stopClock();
  const url = address('');
  const [holder, forger] = [await mute(url), await mute(url)];
  const jobs = await caller(url);
  const errors = [failure(jobs.slow(null, { n: 1 })), failure(jobs.slow(null, { n: 2 }))];
  await clock.turn(0);
  const [id] = holder.calls().map((call) => call.id);
  const settled: unknown[] = [];
  for (const error of errors) void error.then((reason) => settled.push(reason));
  for (let beats = 0; beats < 3; beats++) {
    forger.works(id, 'x', null, { id }, [id], 1.5, -1, 99);
    await clock.turn(BEAT);
  }
  expect(settled).toHaveLength(2);
  expect(jobs.peers.size).toBe(1);
  for (const error of await Promise.all(errors)) expect(error).toBeInstanceOf(ConnectionLost);
});

it('sends an idempotent call to another member, if one is silent', async () => {
  using clock = stopClock();
  const url = address();
  await mute(url);
  const { ends } = await reporting(url);
  const jobs = await caller(url);
  const call = jobs.to(null, { idempotent: true }).slow({ n: 1 });
  await clock.turn(4 * BEAT);
  expect(ends).toHaveLength(1);
  ends[0]?.();
  expect(await call).toBe('slow 1');
});
