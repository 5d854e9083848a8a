import { expect, it } from 'vitest';
import { runFuzz } from './run.js';

it('mutated frames over all codecs and framings, to codecs and to whole sides, do no harm', {
  timeout: 300_000,
}, async () => {
  const { frames, findings } = await runFuzz(4_000, 1);
  expect(findings).toEqual([]);
  expect(frames).toBeGreaterThanOrEqual(4_000);
});
