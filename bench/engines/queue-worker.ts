import { setTimeout as sleep } from 'node:timers/promises';
import { Tasks } from './queue-spec.js';

/**
 * A worker in a process of its own: `<address> [ms that a job takes]`. Tells its address when it is ready, and how much it has done when it
 * is asked.
 */
const [address = '', ms = '0'] = process.argv.slice(2);

let done = 0;
const side = await Tasks.serve(address);
side.add.connect((_sender, { a, b }) => {
  done++;
  return a + b;
});
side.job.connect(async () => {
  if (ms !== '0') await sleep(Number(ms));
  done++;
});
process.on('message', () => process.send?.(done));
process.send?.(side.address);
process.on('disconnect', () => void side.close().then(() => process.exit()));
