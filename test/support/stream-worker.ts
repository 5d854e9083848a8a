import { appendFileSync } from 'node:fs';
import { Code, RpcError } from '../../src/index.js';
import { Jobs } from './stream-jobs.js';

/**
 * A worker of the tests that kill workers: `stream-worker.ts ADDRESS FILE [POISON]`. It writes the number of each job that it has done to the
 * file, and ends as in a crash when it gets the job POISON.
 */
const [address = '', file = '', poison] = process.argv.slice(2);
const side = await Jobs.serve(address, { logger: null });
side.job.connect(async (_sender, { n }) => {
  if (String(n) === poison) process.kill(process.pid, 'SIGKILL');
  // Every hundredth one fails for good, in whichever attempt.
  if (n % 100 === 99) throw new RpcError(`job ${n} is bad`, Code.InvalidParams);
  await new Promise((resolve) => setTimeout(resolve, 10));
  appendFileSync(file, `${n}\n`);
});
process.send?.('ready');
