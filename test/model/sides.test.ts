import { describe, expect, it } from 'vitest';
import { exploreSides } from './explore-sides.js';

describe('sides under the scheduler of the model', () => {
  it('settle each call once, run none twice, and keep nothing, however their links are cut', async () => {
    const { failure, stats } = await exploreSides('plain', 60, 1);
    expect(failure).toBeUndefined();
    for (const what of ['settled: ok', 'settled: timeout', 'settled: lost, maybe true', 'settled: lost, maybe false']) {
      expect(stats.get(what), what).toBeGreaterThan(20);
    }
  });

  it('go on with their sessions over other links, and lose nothing where links are only cut', {
    timeout: 60_000,
  }, async () => {
    const { failure, stats } = await exploreSides('resume', 100, 1);
    expect(failure).toBeUndefined();
    // Each of these happens, or the schedules would show nothing.
    for (const what of [
      'reconnected',
      'restarted',
      'resumed',
      'overheard: refused',
      'let in without hello',
      'settled: ok',
      'settled: timeout',
      'settled: lost, maybe true',
      'settled: lost, maybe false',
    ]) {
      expect(stats.get(what), what).toBeGreaterThan(3);
    }
  });
});
