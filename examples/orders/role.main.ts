// One process of the shop: `role.main.ts worker "worker 2"`, with its addresses in SERVES and WRITES.
import { once } from 'node:events';
import type { Side } from 'obverse';
import { type Role, shop, subscriber, worker } from './roles.js';

const roles = { shop, worker, subscriber };
const [role = '', name = ''] = process.argv.slice(2);
const { SERVES: serves = '', WRITES: writes = '' } = process.env;

/** Standard output has a line for each thing that happens. It is written at once, so that nothing is missing if the process is killed. */
async function step<T>(order: number, work: () => Promise<T>): Promise<T> {
  console.log(`begin ${order}`);
  const result = await work();
  console.log(`end ${order}`);
  return result;
}

// Ctrl-C reaches all processes: this one ends when the main program closes its input, or is gone.
process.on('SIGINT', () => {});
// If the main program is gone, nobody reads what this one reports of its last orders.
process.stdout.on('error', () => {});
try {
  const start: (role: Role) => Promise<readonly Side<object>[]> = roles[role as keyof typeof roles];
  const sides = await start({ name, serves, writes, step });
  console.log('ready');
  await once(process.stdin.resume(), 'close');
  // In their order: what serves ends its last orders while what it writes to is still open.
  for (const side of sides) await side.close({ drain: 1_000 });
} catch (error) {
  console.error(`${name}: ${(error as Error).message}`);
  process.exit(1);
}
