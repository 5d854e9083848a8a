import { describe, expect, it } from 'vitest';
import { Aborted, ConnectionLost } from '../../src/index.js';
import { CallDetails } from '../../src/session/incoming-calls/call-details.js';

describe('an active call', () => {
  it('is cancelled once: the first reason counts, before and after the signal was read', () => {
    const [first, second] = [new Aborted('first'), new ConnectionLost('second')];
    const [early, late] = [new CallDetails(), new CallDetails()];
    const { signal } = early;
    for (const work of [early, late]) {
      work.cancel(first);
      work.cancel(second);
      expect(work.cancelled).toBe(first);
    }
    for (const one of [signal, late.signal]) expect([one.aborted, one.reason]).toEqual([true, first]);
  });

  it('calls its listeners once and in order, and later ones at once', () => {
    const work = new CallDetails();
    const reason = new Aborted('no use');
    const told: unknown[] = [];
    work.signal.addEventListener('abort', () => told.push(['signal', work.cancelled]));
    for (const name of ['a', 'b']) work.whenCancelled((why) => told.push([name, why, work.cancelled]));
    expect(told).toEqual([]);
    work.cancel(reason);
    work.cancel(new Aborted('again'));
    work.whenCancelled((why) => told.push(['late', why]));
    expect(told).toEqual([
      ['signal', reason],
      ['a', reason, reason],
      ['b', reason, reason],
      ['late', reason],
    ]);
  });

  it('returns its jobs in order, and once', () => {
    const work = new CallDetails();
    expect(work.finish()).toEqual([]);
    const jobs = [() => {}, () => {}, () => {}];
    for (const job of jobs) work.after(job);
    expect(work.finish()).toEqual(jobs);
    expect(work.finish()).toEqual([]);
    expect(() => work.after('later' as never)).toThrow('what runs after the reply is a function, not later');
  });
});
