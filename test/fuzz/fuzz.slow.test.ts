import { expect, it } from 'vitest';
import { runFuzz } from './run.js';

it('100,000 mutated frames do no harm', { timeout: 900_000 }, async () => {
  const { frames, findings } = await runFuzz(100_000, 1_000_000);
  expect(findings).toEqual([]);
  expect(frames).toBeGreaterThanOrEqual(100_000);
});
