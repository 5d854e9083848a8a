// What plain calls, notifications and streams cost in two builds of the library: CPU time of both ends, in one process.
//   npx tsx bench/paired.ts BEFORE AFTER [--loads call,notify,stream] [--codecs jrpc,msgpack] [--transports tcp,ws] [--pairs 30]
// BEFORE and AFTER are folders such as `dist/`. A pair measures both, one after the other, in an order that alternates. Printed is
// the median of the ratios of the pairs, with its 95 % confidence interval. Exits with 1 if a whole interval lies above 1.05.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openEcho } from './run/echo.js';
import { medianInterval } from './statistics.js';

/** The upper bound for an interval: it fails if it is entirely above. */
const ALLOWED = 1.05;

/** µs of CPU time for one call, notification or item, with the library in this folder. */
async function cost(folder: string, load: string, codec: string, transport: string): Promise<number> {
  const echo = await openEcho(folder, codec, transport);
  const times = load === 'stream' ? 600_000 : 200_000;
  await echo.run(load, times / 2);
  const before = process.cpuUsage();
  await echo.run(load, times);
  const { user, system } = process.cpuUsage(before);
  await echo.close();
  return (user + system) / times;
}

function compare(before: string, after: string, pairs: number, ...what: readonly string[]): boolean {
  const program = fileURLToPath(import.meta.url);
  const measure = (folder: string): number => {
    // The garbage collector's threads would be counted at random.
    const flags = ['--single-threaded-gc', '--import', 'tsx'];
    return Number(execFileSync(process.execPath, [...flags, program, 'cost', folder, ...what], { encoding: 'utf8' }));
  };
  const costs: [number, number][] = [];
  for (let pair = 0; pair < pairs; pair++) {
    const swapped = pair % 2 === 1;
    const one = measure(swapped ? after : before);
    const other = measure(swapped ? before : after);
    costs.push(swapped ? [other, one] : [one, other]);
  }
  const micros = (of: 0 | 1): string => medianInterval(costs.map((pair) => pair[of])).median.toFixed(2);
  const { median, low, high } = medianInterval(costs.map(([old, now]) => now / old));
  const figures = `${median.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})`;
  console.log(`${what.join(' ')}: after/before ${figures}, ${pairs} pairs; µs of CPU ${micros(0)} → ${micros(1)}`);
  return low <= ALLOWED;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    loads: { type: 'string', default: 'call,notify,stream' },
    codecs: { type: 'string', default: 'jrpc,msgpack' },
    transports: { type: 'string', default: 'tcp,ws' },
    pairs: { type: 'string', default: '30' },
  },
});
const [first, second, ...rest] = positionals;
if (first === 'cost') console.log(await cost(second as string, ...(rest as [string, string, string])));
else if (first === undefined || second === undefined) throw new Error('BEFORE and AFTER are two folders of builds');
else {
  for (const transport of values.transports.split(','))
    for (const codec of values.codecs.split(','))
      for (const load of values.loads.split(','))
        if (!compare(first, second, Number(values.pairs), load, codec, transport)) process.exitCode = 1;
}
