// One process of the shop: `role.main.ts worker "worker 2"`, with its addresses in SERVES and WRITES.
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
try {
  const start: (role: Role) => Promise<readonly { close(): Promise<void> }[]> = roles[role as keyof typeof roles];
  const sides = await start({ name, serves, writes, step });
  console.log('ready');
  process.stdin.resume().once('close', () => void Promise.all(sides.map((side) => side.close())));
} catch (error) {
  console.error(`${name}: ${(error as Error).message}`);
  process.exit(1);
}
