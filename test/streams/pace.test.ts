import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Session } from '../../src/session.js';
import { Pace } from '../../src/streams/pace.js';
import { holdTime, moveTime, releaseTime, time } from '../../src/time.js';

/*
 * A way is played: it carries so many bytes in a millisecond, in order, and a mark comes back so long after it was carried. The
 * producer always has more to send.
 */
interface Way {
  /** Bytes in a millisecond. */
  rate: number;
  /** Of an empty way there and back, in milliseconds. */
  length: number;
}
const MESSAGE = 500;

beforeEach(() => void holdTime());
afterEach(() => releaseTime());

/** Plays so many milliseconds; tells how much was carried in them, and how long at most something waited for its turn. */
function play(ms: number, wayAt: (at: number) => Way, last = ms): { rate: number; wait: number } {
  const marks: { id: number; after: number }[] = [];
  const coming: { id: number; at: number }[] = [];
  let [sent, carried, before, wait] = [0, 0, 0, 0];
  const session = {
    tell: (_method: string, [, id]: [null, number]) => marks.push({ id, after: sent }),
  } as unknown as Session;
  const pace = new Pace(session, () => {});
  const began = time();
  for (let at = 0; at < ms; at += 0.02) {
    moveTime(began + at);
    const { rate, length } = wayAt(at);
    while (pace.isOpen && sent - carried < 50_000_000) {
      sent += MESSAGE;
      pace.add(MESSAGE);
    }
    carried = Math.min(sent, carried + rate * 0.02);
    for (let mark = marks[0]; mark !== undefined && mark.after <= carried; mark = marks[0]) {
      marks.shift();
      coming.push({ id: mark.id, at: at + length });
    }
    for (let one = coming[0]; one !== undefined && one.at <= at; one = coming[0]) {
      coming.shift();
      expect(pace.read(one.id)).toBe(true);
    }
    if (at < ms - last) before = carried;
    else wait = Math.max(wait, (sent - carried) / rate);
  }
  pace.end();
  return { rate: (carried - before) / last, wait };
}

describe('the pace of all streams together', () => {
  it.each([
    { rate: 20_000, length: 0.05 },
    { rate: 30_000, length: 0.3 },
    { rate: 100_000, length: 0.5 },
    { rate: 10_000, length: 5 },
    { rate: 1_000, length: 40 },
    { rate: 5_000, length: 100 },
  ])('keeps a way of $rate bytes and $length ms busy, with little that waits on it', (way) => {
    const { rate, wait } = play(4_000, () => way, 2_000);
    expect(rate).toBeGreaterThan(0.7 * way.rate);
    // As long again as the way itself, or what 4 KB and a message take.
    expect(wait).toBeLessThan(2 * way.length + (4_096 + 2 * MESSAGE) / way.rate + 0.1);
  });

  it('finds its way back from what it measured when much was in the way', () => {
    // At first the peer is busy with something else.
    const busy = (at: number): Way => (at < 300 ? { rate: 1_000, length: 80 } : { rate: 20_000, length: 0.1 });
    const { rate, wait } = play(12_000, busy, 2_000);
    expect(rate).toBeGreaterThan(14_000);
    expect(wait).toBeLessThan(1);
  });

  it('follows a way that becomes longer', { timeout: 60_000 }, () => {
    const longer = (at: number): Way => ({ rate: 5_000, length: at < 1_000 ? 1 : 60 });
    expect(play(20_000, longer, 3_000).rate).toBeGreaterThan(3_000);
  });

  it('never stands still for ever, whatever the way does', { timeout: 60_000 }, () => {
    const ways = fc.array(
      fc.record({ rate: fc.integer({ min: 200, max: 100_000 }), length: fc.double({ min: 0, max: 100, noNaN: true }) }),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(ways, (some) => {
        const way = (at: number): Way => some[Math.min(some.length - 1, Math.floor(at / 100))] as Way;
        const ms = some.length * 100 + 4_000;
        const { rate, length } = some.at(-1) as Way;
        // At the least a quarter of the smallest limit, each time that the way is gone there and back.
        const least = Math.min(rate / 4, 1_024 / (length + 1));
        expect(play(ms, way, 3_000).rate).toBeGreaterThan(least);
      }),
      { numRuns: 30 },
    );
  });

  it('stops for one that shows nothing, and goes on after a second if it answers no marks', async () => {
    releaseTime();
    let opened = 0;
    const pace = new Pace({ tell: () => {} } as unknown as Session, () => opened++);
    while (pace.isOpen) pace.add(MESSAGE);
    expect(opened).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(opened).toBe(1);
    expect(pace.isOpen).toBe(true);
  });

  it('takes no mark that was not made, none twice, and none before those before it', () => {
    const made: number[] = [];
    const pace = new Pace({ tell: (_: string, [, n]: [null, number]) => made.push(n) } as unknown as Session, () => {});
    while (pace.isOpen) pace.add(MESSAGE);
    expect(made.length).toBeGreaterThan(2);
    expect(pace.read(1)).toBe(false);
    expect(pace.read(0)).toBe(true);
    expect(pace.read(0)).toBe(false);
    expect(pace.read(1)).toBe(true);
    expect(pace.read(99)).toBe(false);
    pace.end();
  });
});
