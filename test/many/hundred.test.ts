import { expect, it } from 'vitest';
import { measureGather } from '../../bench/gather.js';
import { spread } from '../../bench/statistics.js';

it.each(['tcp', 'ws'])(
  'gather returns 98 of 100 answers as fast as the 98 alone, over %s',
  { timeout: 60_000 },
  async (scheme) => {
    const rounds = await measureGather(7, scheme);
    const { median } = spread(rounds.map(({ ratio }) => ratio));
    expect(median).toBeLessThan(1.2);
    expect(median).toBeGreaterThan(0.5);
  },
);
