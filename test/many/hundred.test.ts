import { expect, it } from 'vitest';
import { measureGather } from '../../bench/gather.js';
import { spread } from '../../bench/statistics.js';

it('answers 98 of 100 as fast as if the dead and the slow one were not there', { timeout: 60_000 }, async () => {
  const rounds = await measureGather(7);
  const { median } = spread(rounds.map(({ ratio }) => ratio));
  expect(median).toBeLessThan(1.2);
  expect(median).toBeGreaterThan(0.5);
});
