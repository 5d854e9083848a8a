import net from 'node:net';
import { type ChaosFault, type ChaosSchedule, stopClock } from 'obverse/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { type ChaosStep, stepsOf } from '../../src/testing/chaos-schedule.js';
import { Random } from '../../src/testing/random.js';
import { type Meeting, meetAtProxy } from './chaos-sockets.js';

function planned(schedule: ChaosSchedule, seed: number): ChaosStep[] {
  return [...stepsOf({ count: 50, ...schedule }, new Random(seed))];
}

describe('a schedule of faults', () => {
  const all = ['fin', 'rst', 'silence', 'half-close', 'pause'] as const;
  it('is the same for the same seed, and another for another', () => {
    const schedule: ChaosSchedule = { every: [100, 900], kinds: all, pause: [5, 10] };
    expect(planned(schedule, 7)).toEqual(planned(schedule, 7));
    expect(planned(schedule, 8)).not.toEqual(planned(schedule, 7));
    for (const { after, pause } of planned(schedule, 7)) {
      expect(after >= 100 && after <= 900 && pause >= 5 && pause <= 10).toBe(true);
    }
    expect(new Set(planned(schedule, 7).map(({ kind }) => kind))).toEqual(new Set(all));
    expect(new Set(planned(schedule, 7).map(({ direction }) => direction))).toEqual(
      new Set(['upstream', 'downstream']),
    );
  });

  it('changes only in what another option names', () => {
    const kinds = (schedule: ChaosSchedule) => planned(schedule, 7).map(({ kind }) => kind);
    expect(kinds({ every: [100, 900] })).toEqual(kinds({ every: 5, pause: 1 }));
    expect(planned({ every: 5, count: 3 }, 7)).toHaveLength(3);
    expect(new Set(kinds({ every: 5 }))).toEqual(new Set(['fin', 'rst', 'silence']));
    expect(planned({ every: 5 }, 7).every(({ after }) => after === 5)).toBe(true);
  });
});

let meeting: Meeting | undefined;
afterEach(() => meeting?.close());

/** The faults of a proxy whose client dials again after each cut, while the clock is turned. */
async function played(seed: number, schedule: ChaosSchedule): Promise<ChaosFault[]> {
  using clock = stopClock();
  meeting = await meetAtProxy({ seed, schedule });
  const { proxy, faults, dial } = meeting;
  await dial();
  for (let turn = 0; turn < 200 && faults.length < 20; turn++) {
    await clock.turn(10);
    if (proxy.stats().links === 0) await dial();
  }
  await meeting.close();
  return faults;
}

describe('the schedule of a chaos proxy', () => {
  const schedule: ChaosSchedule = { every: [10, 90], kinds: ['fin', 'rst', 'silence', 'pause'], pause: 5 };
  it('causes the same faults at the same times for the same seed', async () => {
    const first = await played(7, schedule);
    expect(await played(7, schedule)).toEqual(first);
    expect(first.length).toBeGreaterThanOrEqual(20);
    expect(new Set(first.map(({ kind }) => kind))).toEqual(new Set(['fin', 'rst', 'silence', 'pause', 'resume']));
    expect((await played(8, schedule)).map(({ kind }) => kind)).not.toEqual(first.map(({ kind }) => kind));
  });

  it('begins with the first link, ends after its count, and hits a link that comes late as it comes', async () => {
    using clock = stopClock();
    meeting = await meetAtProxy({ schedule: { every: 100, kinds: ['rst'], count: 3 } });
    const { proxy, faults, dial } = meeting;
    await clock.turn(1_000);
    expect(faults).toEqual([]);
    const { client } = await dial();
    await clock.turn(99);
    expect(faults).toEqual([]);
    await clock.turn(1);
    await client.sees('ECONNRESET', 'close');
    // Due without a link, at 200.
    await clock.turn(1_000);
    expect(faults.map(({ kind, links }) => [kind, links])).toEqual([['rst', 1]]);
    const { port } = new URL(proxy.url);
    net.connect({ host: '127.0.0.1', port: Number(port) }).on('error', () => {});
    await expect.poll(() => faults.length).toBe(2);
    expect(proxy.stats().cuts.rst).toBe(2);
    await dial();
    await clock.turn(100);
    expect(proxy.stats().cuts.rst).toBe(3);
    const { client: last, server } = await dial();
    await clock.turn(10_000);
    last.send('nothing happens any more');
    await server.gets('nothing happens any more');
    expect(faults).toHaveLength(3);
  });
});
