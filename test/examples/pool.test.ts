import { Aborted } from 'obverse';
import { expect, it } from 'vitest';
import { Pool } from '../../examples/pool/pool.js';

it('a pool of workers counts, reports progress, and can be cancelled', async () => {
  await using pool = await Pool.of(2);
  let looked = 0;
  expect(await pool.count(100_000, { onProgress: (done) => (looked = done) })).toBe(9_592);
  expect(looked).toBeGreaterThan(50_000);

  const controller = new AbortController();
  const never = pool.count(1e9, { signal: controller.signal, onProgress: () => controller.abort() });
  await expect(never).rejects.toThrow(Aborted);
  // The threads have stopped: they have time for other jobs.
  expect(await pool.count(1_000)).toBe(168);
});
