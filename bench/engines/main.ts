/**
 * `npm run bench:engines -- nats`: what a transport over a broker, a queue or HTTP costs beside the bare client of that engine, in the same run.
 * Prints the ratios, which say more than the figures of one machine; exits with 1 if one of them is below its bar.
 */
const engines: Readonly<Record<string, () => Promise<{ bench(): Promise<boolean> }>>> = {
  nats: () => import('./nats.js'),
  jetstream: () => import('./jetstream.js'),
  http: () => import('./http.js'),
};

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !Object.hasOwn(engines, name));
if (unknown !== undefined) {
  console.error(`unknown engine "${unknown}"; there are ${Object.keys(engines).join(', ')}`);
  process.exit(1);
}
let holds = true;
for (const name of asked.length === 0 ? Object.keys(engines) : asked) {
  console.log(`\n${name}`);
  const { bench } = await (engines[name] as (typeof engines)[string])();
  holds = (await bench()) && holds;
}
process.exit(holds ? 0 : 1);
