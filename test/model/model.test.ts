import { describe, expect, it } from 'vitest';
import { BUGS, type Bug } from './bugs.js';
import { explore } from './explore.js';

describe('the model of sessions that outlive their link', () => {
  it('keeps every promise in 3,000 random schedules', () => {
    const { failure, steps, stats } = explore(3_000, 1);
    expect(failure).toBeUndefined();
    expect(steps).toBeGreaterThan(500_000);
    // Each of these happens, or the schedules would show nothing.
    for (const what of [
      'cut',
      'cut, silently',
      'resumed: parked',
      'resumed: taken over',
      'refused: another',
      'refused: stale',
      'ended: evicted',
      'ended: expired',
      'ended: overrun',
      'fresh: closed',
      'fresh: given up',
      'fresh: unconfirmed',
      'fresh: unknown',
      'settled: busy',
      'settled: lost, maybe false',
      'settled: lost, maybe true',
      'settled: ok',
      'settled: timeout',
    ]) {
      expect(stats.get(what), what).toBeGreaterThan(50);
    }
  });

  it('runs the same schedules for the same seed', () => {
    expect(explore(200, 7)).toEqual(explore(200, 7));
    expect(explore(200, 7).steps).not.toBe(explore(200, 8).steps);
  });

  it.each(Object.keys(BUGS) as Bug[])('finds the bug %s within 1,000 schedules', (bug) => {
    expect(explore(1_000, 1, bug).failure).toBeDefined();
  });
});
