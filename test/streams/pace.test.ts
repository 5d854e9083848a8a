import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { firstTimer, holdTime, moveTime, releaseTime, time } from '../../src/base/time.js';
import { Pacer } from '../../src/extensions/streams/pacer.js';
import type { Session } from '../../src/session/session.js';

/*
 * A simulated connection: it carries so many bytes per millisecond, in order, and a mark returns so long after it was
 * sent. The producer always has more to send.
 */
interface Way {
  /** In bytes per millisecond. */
  rate: number;
  /** The round-trip time of an idle connection, in milliseconds. */
  length: number;
}
const MESSAGE = 500;

beforeEach(() => void holdTime());
afterEach(() => releaseTime());

/** Simulates so many milliseconds; returns how much was carried in them, and the longest wait in the queue. */
function play(ms: number, wayAt: (at: number) => Way, last = ms): { rate: number; wait: number } {
  const marks: { id: number; after: number }[] = [];
  const coming: { id: number; at: number }[] = [];
  let [sent, carried, before, wait, refused] = [0, 0, 0, 0, 0];
  const session = {
    link: {},
    sendSystem: (_method: string, [, id]: [null, number]) => marks.push({ id, after: sent }),
  } as unknown as Session;
  const pace = new Pacer(session, () => {});
  const began = time();
  for (let at = 0; at < ms; at += 0.02) {
    moveTime(began + at);
    const { rate, length } = wayAt(at);
    while (pace.isOpen && sent - carried < 50_000_000) {
      sent += MESSAGE;
      pace.recordSent(MESSAGE);
    }
    carried = Math.min(sent, carried + rate * 0.02);
    for (let mark = marks[0]; mark !== undefined && mark.after <= carried; mark = marks[0]) {
      marks.shift();
      coming.push({ id: mark.id, at: at + length });
    }
    for (let one = coming[0]; one !== undefined && one.at <= at; one = coming[0]) {
      coming.shift();
      if (!pace.markRead(one.id)) refused++;
    }
    if (at < ms - last) before = carried;
    else wait = Math.max(wait, (sent - carried) / rate);
  }
  pace.end();
  expect(refused).toBe(0);
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
  ])('keeps a connection of $rate bytes and $length ms busy, with a short queue', (way) => {
    const { rate, wait } = play(4_000, () => way, 2_000);
    expect(rate).toBeGreaterThan(0.7 * way.rate);
    // As long again as the round trip, or the time for 4 KB and a message.
    expect(wait).toBeLessThan(2 * way.length + (4_096 + 2 * MESSAGE) / way.rate + 0.1);
  });

  it('recovers from what it measured while the connection was congested', () => {
    // At first the peer is busy with other work.
    const busy = (at: number): Way => (at < 300 ? { rate: 1_000, length: 80 } : { rate: 20_000, length: 0.1 });
    const { rate, wait } = play(12_000, busy, 2_000);
    expect(rate).toBeGreaterThan(14_000);
    expect(wait).toBeLessThan(1);
  });

  it('adapts to a connection that becomes slower', { timeout: 60_000 }, () => {
    const longer = (at: number): Way => ({ rate: 5_000, length: at < 1_000 ? 1 : 60 });
    expect(play(20_000, longer, 3_000).rate).toBeGreaterThan(3_000);
  });

  it('never stalls forever, whatever the connection does', { timeout: 60_000 }, () => {
    const ways = fc.array(
      fc.record({ rate: fc.integer({ min: 200, max: 100_000 }), length: fc.double({ min: 0, max: 100, noNaN: true }) }),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(ways, (some) => {
        const way = (at: number): Way => some[Math.min(some.length - 1, Math.floor(at / 100))] as Way;
        const ms = some.length * 100 + 4_000;
        const { rate, length } = some.at(-1) as Way;
        // At least a quarter of the smallest limit, for each round trip.
        const least = Math.min(rate / 4, 1_024 / (length + 1));
        expect(play(ms, way, 3_000).rate).toBeGreaterThan(least);
      }),
      { numRuns: 10 },
    );
  });

  it('stops for a peer that shows nothing, and continues after a second if it answers no marks', async () => {
    releaseTime();
    let opened = 0;
    const pace = new Pacer({ link: {}, sendSystem: () => {} } as unknown as Session, () => opened++);
    while (pace.isOpen) pace.recordSent(MESSAGE);
    expect(opened).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(opened).toBe(1);
    expect(pace.isOpen).toBe(true);
  });

  it('accepts no mark that was not sent, none twice, and none out of order', () => {
    const made: number[] = [];
    const pace = new Pacer(
      { link: {}, sendSystem: (_: string, [, n]: [null, number]) => made.push(n) } as unknown as Session,
      () => {},
    );
    while (pace.isOpen) pace.recordSent(MESSAGE);
    expect(made.length).toBeGreaterThan(2);
    expect(pace.markRead(1)).toBe(false);
    expect(pace.markRead(0)).toBe(true);
    expect(pace.markRead(0)).toBe(false);
    expect(pace.markRead(1)).toBe(true);
    expect(pace.markRead(99)).toBe(false);
    pace.end();
  });

  /** A connection whose marks the test answers. */
  function way(): { pace: Pacer; marks: number[]; fill: (bytes?: number) => number } {
    const marks: number[] = [];
    const session = { link: {}, sendSystem: (_: string, [, n]: [null, number]) => marks.push(n) } as unknown as Session;
    const pace = new Pacer(session, () => {});
    const fill = (bytes = MESSAGE): number => {
      let sent = 0;
      for (; pace.isOpen && sent < 100_000_000; sent += bytes) pace.recordSent(bytes);
      return sent;
    };
    return { pace, marks, fill };
  }

  it('sends little before it has measured anything, and never more than 8 MB', () => {
    const { pace, fill } = way();
    expect(fill()).toBeLessThan(16 * 1_024 + MESSAGE);
    pace.markRead(0);
    pace.end();
    const fast = way();
    fast.pace.recordSent(1e12);
    expect(fast.pace.markRead(0)).toBe(true);
    expect(fast.fill(100_000)).toBeLessThanOrEqual(8 * 1_024 * 1_024 + 100_000);
    fast.pace.end();
  });

  it('continues if a mark returns in no time', () => {
    const { pace, fill, marks } = way();
    for (let mark = 0; mark < 20; mark++) {
      fill();
      expect(marks.length).toBeGreaterThan(mark);
      expect(pace.markRead(mark)).toBe(true);
    }
    for (let mark = 20; mark < marks.length; mark++) pace.markRead(mark);
    expect(pace.isOpen).toBe(true);
    pace.end();
  });

  it('waits a second for the first mark only, and not after its end', () => {
    const due = () => firstTimer(Number.POSITIVE_INFINITY);
    const before = due();
    const [answered, ended] = [way(), way()];
    for (const { pace, fill } of [answered, ended]) {
      fill();
      expect((due()?.at ?? 0) - time()).toBe(1_000);
      if (pace === answered.pace) pace.markRead(0);
      else pace.end();
      expect(due()).toBe(before);
    }
    answered.fill();
    expect(due()).toBe(before);
  });

  it('sends no marks to a peer that does not answer them, and waits again once one is answered', () => {
    const { pace, marks, fill } = way();
    fill();
    const { length } = marks;
    const timer = firstTimer(Number.POSITIVE_INFINITY);
    moveTime(time() + 1_000);
    timer?.fire();
    for (let n = 0; n < 1_000; n++) pace.recordSent(MESSAGE);
    expect(pace.isOpen).toBe(true);
    expect(marks.length).toBe(length);
    expect(pace.markRead(0)).toBe(true);
    expect(pace.isOpen).toBe(false);
    pace.end();
  });
});
