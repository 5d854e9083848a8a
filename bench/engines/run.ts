import { loadavg } from 'node:os';

/** Measures the engines that are named on the command line, or all of them. */
const engines: Readonly<Record<string, () => Promise<{ bench(): Promise<boolean> }>>> = {
  nats: () => import('./nats.js'),
  jetstream: () => import('./jetstream.js'),
  http: () => import('./http.js'),
  zmq: () => import('./zmq.js'),
  sqlite: () => import('./sqlite.js'),
  postgres: () => import('./postgres.js'),
  balance: () => import('./balance.js'),
  fair: () => import('./fair.js'),
};

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !Object.hasOwn(engines, name));
if (unknown !== undefined) {
  console.error(`unknown engine "${unknown}"; there are ${Object.keys(engines).join(', ')}`);
  process.exit(1);
}
let holds = true;
for (const name of asked.length === 0 ? Object.keys(engines) : asked) {
  console.log(`\n${name} (${load()})`);
  const { bench } = await (engines[name] as (typeof engines)[string])();
  holds = (await bench()) && holds;
  console.log(`  (${load()} at the end)`);
}

/** Figures of a machine that does something else are to be taken again. */
function load(): string {
  return `load ${loadavg()[0]?.toFixed(1)}`;
}

process.exit(holds ? 0 : 1);
