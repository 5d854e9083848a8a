import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../docs/pages.js';
import { run } from './packed.js';

it('every entry exports what the reports in test/package/api list; `npm run api` updates them', {
  timeout: 300_000,
}, async () => {
  const { code, stdout, stderr } = await run(join(root, 'scripts/api-report.mjs'), [], root);
  expect(stdout + stderr).toBe('');
  expect(code).toBe(0);
});
