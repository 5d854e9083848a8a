// What plain calls, notifications and streams cost in two builds of the library: CPU time of both ends, in one process.
//   npx tsx bench/paired.ts BEFORE AFTER [--loads call,notify,stream] [--codecs jrpc,msgpack] [--transports tcp,ws] [--pairs 30]
// BEFORE and AFTER are folders such as `dist/`. A pair measures both, one after the other, in an order that alternates. Printed is
// the median of the ratios of the pairs, with its 95 % confidence interval. Exits with 1 if a whole interval lies above 1.05.
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { medianInterval } from './statistics.js';

const IN_FLIGHT = 64;
/** How many notifications are sent before a call waits until all have been handled. */
const NOTES = 500;
/** The upper bound for an interval: it fails if it is entirely above. */
const ALLOWED = 1.05;

type Load = (times: number) => Promise<void>;

/** µs of CPU time for one call, notification or item, with the library in this folder. */
async function cost(folder: string, load: string, codec: string, transport: string): Promise<number> {
  const { RemoteAPI, incoming, declareMethods } = (await import(
    pathToFileURL(resolve(folder, 'index.js')).href
  )) as typeof import('../src/index.js');
  type Sender = import('../src/index.js').Sender;
  class Echo extends RemoteAPI {
    echo(_sender: Sender, _args: { text: string; n: number }): import('../src/index.js').Reply<unknown> {}
    note(_sender: Sender, _args: { text: string; n: number }): void {}
    numbers(_sender: Sender, _args: { count: number }): import('../src/index.js').Stream<number> {}
  }
  declareMethods(Echo, {
    echo: incoming({ hasReply: true }),
    note: incoming,
    numbers: incoming({ stream: true }),
  });
  const server = await Echo.serve(`${transport}://127.0.0.1:0`, { codec });
  let noted = 0;
  server.echo.connect((_sender, args) => args);
  server.note.connect(() => {
    noted++;
  });
  server.numbers.connect(function* (_sender, { count }) {
    for (let n = 0; n < count; n++) yield n;
  });
  const client = await Echo.invert().connect(server.address, { codec });

  const loads: Record<string, Load> = {
    async call(times) {
      let left = times;
      const lane = async (): Promise<void> => {
        while (left-- > 0) await client.echo(null, { text: 'hello', n: left });
      };
      await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
    },
    async notify(times) {
      const before = noted;
      for (let n = 1; n <= times; n++) {
        client.note(null, { text: 'hello', n });
        if (n % NOTES === 0 || n === times) await client.echo(null, { text: 'all of them', n });
      }
      if (noted - before !== times) throw new Error(`${times} notifications were sent, ${noted - before} arrived`);
    },
    async stream(times) {
      let taken = 0;
      for await (const _item of client.numbers(null, { count: times })) taken++;
      if (taken !== times) throw new Error(`${times} items were sent, ${taken} arrived`);
    },
  };
  const run = loads[load];
  if (run === undefined) throw new Error(`there is no load "${load}"; there are ${Object.keys(loads).join(', ')}`);
  const times = load === 'stream' ? 600_000 : 200_000;
  await run(times / 2);
  const before = process.cpuUsage();
  await run(times);
  const { user, system } = process.cpuUsage(before);
  await client.close();
  await server.close();
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
