import { stopClock } from 'obverse/testing';
import { describe, expect, it } from 'vitest';
import { moveTime, time } from '../../src/base/time.js';
import {
  type Inverted,
  incoming,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Side,
} from '../../src/index.js';
import { closing } from '../support/closing.js';

class Spec extends RemoteAPI {
  @incoming({ hasReply: true }) never(_sender: Sender, _args: { n?: number }): Reply<unknown> {}
  @incoming({ hasReply: true }) hold(_sender: Sender): Reply<unknown> {}
  @outgoing({ hasReply: true }) back(_to: Receivers): Reply<unknown> {}
  @incoming note(_sender: Sender, _args: { n: number }): void {}
}

const keep = closing();
let rooms = 0;
async function sides(
  options: object = {},
  served: object = {},
): Promise<{ server: Side<Spec>; client: Side<Inverted<Spec>> }> {
  const server = await Spec.serve(`memory:timing-${rooms++}`, { logger: null, ...served });
  server.never.connect(() => new Promise(() => {}));
  const client = await Spec.invert().connect(server.address, { logger: null, ...options });
  for (const side of [server, client]) keep(side);
  return { server, client };
}
function stopped() {
  const clock = stopClock();
  keep(clock);
  return clock;
}
/** How many milliseconds after `start` a call failed, by the clock of the library; undefined as long as it has not. */
function endOf(call: Promise<unknown>, start = time()): { at: number | undefined } {
  const end: { at: number | undefined } = { at: undefined };
  call.catch(() => {
    end.at = time() - start;
  });
  return end;
}

describe('a timeout with a stopped clock', () => {
  it.each([
    [1_000, 1_010],
    [400, 410],
    [1_000, 1_002],
    [100, 101],
    [9_999, 10_000],
    [10_000, 10_003],
    [60_000, 60_001],
  ])('of %i ms expires on time, and so does one of %i ms beside it', async (...timeouts) => {
    const { client } = await sides();
    const clock = stopped();
    const ends = timeouts.map((timeout) => endOf(client.to(null, { timeout }).never({})));
    await clock.turn(70_000);
    expect(ends.map(({ at }) => at)).toEqual(timeouts);
  });

  it('of the side expires on time too', async () => {
    const clients = await Promise.all([1_000, 1_010, 10_000, 10_003].map((timeout) => sides({ timeout })));
    const clock = stopped();
    const ends = clients.map(({ client }) => endOf(client.never(null, {})));
    await clock.turn(20_000);
    expect(ends.map(({ at }) => at)).toEqual([1_000, 1_010, 10_000, 10_003]);
  });

  it.each([10_000, 5_000])(
    'of %i ms starts at its call, if a notification is sent in the same turn',
    async (timeout) => {
      const { client } = await sides({ timeout });
      const clock = stopped();
      endOf(client.to(null, { timeout: 60_000 }).never({}));
      for (const wait of [230, 480, 17, 249]) {
        await clock.turn(wait);
        client.note(null, { n: 1 });
        const plain = endOf(client.never(null, {}));
        client.note(null, { n: 2 });
        const own = endOf(client.to(null, { timeout }).never({}));
        await clock.turn(timeout - 1);
        expect([plain.at, own.at]).toEqual([undefined, undefined]);
        await clock.turn(1);
        expect([plain.at, own.at]).toEqual([timeout, timeout]);
      }
    },
  );

  it.each([10_000, 500])('of %i ms is not early for a call at the end of a long turn', async (timeout) => {
    const { client } = await sides({ timeout });
    const clock = stopped();
    const start = time();
    const calls = [endOf(client.never(null, {}), start), endOf(client.to(null, { timeout }).never({}), start)];
    // The program is busy for this long, in one turn.
    moveTime(start + 300);
    calls.push(endOf(client.never(null, {}), start), endOf(client.to(null, { timeout }).never({}), start));
    await clock.turn(timeout - 1);
    expect(calls.slice(2).map(({ at }) => at)).toEqual([undefined, undefined]);
    await clock.turn(1);
    for (const { at } of calls) expect(at).toBeLessThanOrEqual(timeout + 300);
    expect(calls.slice(2).map(({ at }) => at)).toEqual([timeout + 300, timeout + 300]);
  });

  it('does not depend on calls that an earlier test has left pending', async () => {
    const earlier = await sides();
    // In real time, so that its time is not an integer; and on another clock that was stopped.
    void earlier.client
      .to(null, { timeout: 3_600_000 })
      .never({})
      .catch(() => {});
    const first = stopClock();
    void earlier.client
      .to(null, { timeout: 61_000.25 })
      .never({})
      .catch(() => {});
    void earlier.client.never(null, {}).catch(() => {});
    await first.turn(1_003);
    first.restore();
    await new Promise((resolve) => setTimeout(resolve, 7));
    const { client } = await sides();
    const clock = stopped();
    const calls = [client.never(null, {}), client.to(null, { timeout: 60_000 }).never({})].map((call) => endOf(call));
    await clock.turn(59_999);
    expect(calls.map(({ at }) => at)).toEqual([undefined, undefined]);
    await clock.turn(1);
    expect(calls.map(({ at }) => at)).toEqual([60_000, 60_000]);
  });

  it('applies to a call that is made while other timeouts expire', async () => {
    const { server, client } = await sides({}, { handlerTimeout: 100 });
    client.back.connect(() => new Promise(() => {}));
    const clock = stopped();
    const start = time();
    const ends: { at: number | undefined }[] = [];
    server.hold.connect(
      ({ peer, signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            ends.push(endOf(server.to(peer, { timeout: 1_000 }).back(), start), endOf(server.back(peer), start));
            resolve(1);
          });
        }),
    );
    void client
      .to(null, { timeout: 3_600_000 })
      .hold()
      .catch(() => {});
    await clock.turn(100_000);
    expect(ends.map(({ at }) => at)).toEqual([1_100, 60_100]);
  });
});

describe('a timeout in real time', () => {
  it('is never early, nor late by more than another timer', async () => {
    const { client } = await sides();
    const [timeouts, pairs] = [[400, 410], 6];
    for (let pair = 0; pair < pairs; pair++) {
      const order: string[] = [];
      const start = performance.now();
      const timer = async (name: string, ...waits: number[]): Promise<void> => {
        for (const wait of waits) await new Promise((resolve) => setTimeout(resolve, wait));
        order.push(name);
      };
      const all = timeouts.flatMap((timeout) => [
        client
          .to(null, { timeout })
          .never({})
          .catch(() => {
            expect(performance.now() - start).toBeGreaterThanOrEqual(timeout - 1);
            order.push(`${timeout} call`);
          }),
        // If the process was busy, all are due at once: a few more timers give the library its turns.
        timer(`${timeout} later`, timeout + 20, 20, 20, 20),
      ]);
      await Promise.all(all);
      for (const timeout of timeouts) {
        const own = order.filter((one) => one.startsWith(`${timeout} `));
        expect(own).toEqual([`${timeout} call`, `${timeout} later`]);
      }
      await timer('apart from the next', 37 * pair);
    }
  });
});
