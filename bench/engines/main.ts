import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { compileEngines } from '../run/compile.js';

/**
 * `npm run bench:engines -- nats`: what a transport over a broker, a queue or HTTP costs beside the bare client of that engine, in the same run.
 * Prints the ratios, which say more than the figures of one machine; exits with 1 if one of them is below its bar. All that is measured
 * runs without a loader, in `run.ts`.
 */
const folder = await compileEngines();
const { status } = spawnSync(process.execPath, [join(folder, 'bench/engines/run.js'), ...process.argv.slice(2)], {
  stdio: 'inherit',
});
process.exit(status ?? 1);
