import { expect, it } from 'vitest';
import { Aborted, Code, ConnectionLost, RpcError } from '../../src/index.js';
import { stopClock } from '../../src/testing/clock.js';
import { Random } from '../../src/testing/random.js';
import { serviceRoom } from '../../transports/shared/memory/service.js';
import { type Caller, Jobs, type Worker } from './service-spec.js';

const BEAT = 400;
const STEPS = 40;
const SEEDS = 150;

/** A call of the schedule, and what has become of it. */
interface Asked {
  readonly expected: string;
  readonly stop: AbortController;
  readonly results: unknown[];
}

/** How often each result occurs in all seeds: a schedule in which nothing succeeds, or nothing fails, shows nothing. */
const seen = { answered: 0, lost: 0, cancelled: 0, busy: 0, sentAgain: 0 };

/** Four callers and four workers that call back, with everything that may happen to them, in an order that the seed gives. */
async function play(seed: number, blind: boolean): Promise<void> {
  using clock = stopClock();
  const random = new Random(seed);
  const below = (most: number): number => random.int(0, most - 1);
  const name = `random${seed}`;
  const url = `memory:${name}?service&callBeat=${BEAT}${blind ? '&blind' : ''}`;
  const room = serviceRoom(name);
  /** Handlers that are at work until they are told to go on, or their call is cancelled. */
  const waiting = new Map<() => void, number>();
  const workers: Worker[] = [];
  const closing: Promise<void>[] = [];
  const begun = new Map<string, number>();
  const asked: Asked[] = [];

  async function work(): Promise<void> {
    const side = await Jobs.serve(url, { logger: null, concurrency: 2, limits: { queuedCalls: 2 } });
    side.slow.connect(async (sender, { n }) => {
      const key = `${n}`;
      begun.set(key, (begun.get(key) ?? 0) + 1);
      if (n % 3 === 0)
        await new Promise<void>((resolve, reject) => {
          waiting.set(resolve, n);
          sender.signal.addEventListener('abort', () => {
            waiting.delete(resolve);
            reject(new Error('aborted'));
          });
        });
      const first = await side.name(sender);
      if (n % 2 === 0) expect(await side.name(sender)).toBe(first);
      return `${n} ${first}`;
    });
    side.add.connect((_sender, { a, b }) => a + b);
    workers.push(side);
  }
  const callers: Caller[] = [];
  for (const caller of ['w', 'x', 'y', 'z']) {
    const side = await Jobs.invert().connect(url, { logger: null });
    side.name.connect(() => caller);
    callers.push(side);
  }
  for (let n = 0; n < 4; n++) await work();

  function ask(n: number): void {
    const at = below(4);
    const stop = new AbortController();
    const one: Asked = { expected: `${n} ${'wxyz'[at]}`, stop, results: [] };
    const to = callers[at]!.to(null, { signal: stop.signal, idempotent: below(2) === 0 });
    const call = n % 7 === 0 ? to.add({ a: n, b: 0 }).then((sum) => `${sum} ${'wxyz'[at]}`) : to.slow({ n });
    call.then(
      (value) => one.results.push(value),
      (error: unknown) => one.results.push(error),
    );
    asked.push(one);
  }

  function proceed(go: (() => void) | undefined): void {
    if (go === undefined) return;
    waiting.delete(go);
    go();
  }

  for (let step = 0; step < STEPS; step++) {
    const what = below(12);
    if (what < 5) for (let n = below(4); n >= 0; n--) ask(asked.length);
    else if (what === 5) asked[below(asked.length + 1)]?.stop.abort();
    else if (what === 6 && workers.length > 1) closing.push(workers.splice(below(workers.length), 1)[0]!.close());
    else if (what === 7 && workers.length < 4) await work();
    else if (what === 8) room.isAway = !room.isAway;
    else if (what === 9) proceed([...waiting.keys()][below(waiting.size + 1)]);
    else if (what === 10) await clock.turn(below(2 * BEAT));
    else await new Promise((resolve) => setImmediate(resolve));
  }
  room.isAway = false;
  const isOpen = (): boolean => asked.some(({ results }) => results.length === 0) || waiting.size > 0;
  for (let n = 0; n < 40 && isOpen(); n++) {
    // Those whose calls were cancelled have to end by that.
    for (const [go, call] of [...waiting]) if (!asked[call]?.stop.signal.aborted) proceed(go);
    await clock.turn(n < 4 ? 0 : BEAT);
  }
  // Nothing comes late.
  await clock.turn(0);

  for (const { expected, results, stop } of asked) {
    expect(results, `seed ${seed}: ${expected}`).toHaveLength(1);
    const [result] = results;
    if (typeof result === 'string') {
      expect(result, `seed ${seed}`).toBe(expected);
      seen.answered++;
    } else if (result instanceof ConnectionLost) seen.lost++;
    else if (result instanceof Aborted && stop.signal.aborted) seen.cancelled++;
    else if (result instanceof RpcError && result.code === Code.Busy) seen.busy++;
    // The handler could not call back: its caller has cancelled, or was busy.
    else expect(result, `seed ${seed}: ${expected}`).toMatchObject({ code: Code.InternalError });
  }
  expect([...waiting.values()], `seed ${seed}: handlers of cancelled calls that go on`).toEqual([]);
  for (const count of begun.values()) if (count > 1) seen.sentAgain++;
  const idle = { pendingCalls: 0, activeCalls: 0, queuedCalls: 0, streams: 0, references: 0, bufferedBytes: 0 };
  for (const side of [...callers, ...workers]) expect(side.stats(), `seed ${seed}`).toMatchObject(idle);
  for (const side of callers) expect(side.peers.size).toBe(1);
  closing.push(...[...callers, ...workers].map((side) => side.close()));
  await Promise.all(closing);
  await clock.turn(2 * BEAT);
  expect([room.servers.size, room.clients.size, room.holds]).toEqual([0, 0, false]);
  expect(serviceRoom(name)).not.toBe(room);
}

it('answers each call once and rightly, whatever happens to callers, workers and the room, and keeps nothing', async () => {
  for (let seed = 1; seed <= SEEDS; seed++) await play(seed, seed % 2 === 0);
  for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(SEEDS / 10);
  expect(seen.answered).toBeGreaterThan(seen.lost + seen.cancelled + seen.busy);
});
