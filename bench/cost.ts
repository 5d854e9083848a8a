// What a feature costs each call, notification or item: CPU time of both ends, which are in one process for each variant.
//   npx tsx bench/cost.ts BASE OTHER… [--loads call,notify] [--codecs jrpc,msgpack] [--transports tcp] [--pairs 300]
//     [--starts 6] [--times 10000] [--most 1.05]
// A variant is the folder of a build, with what it turns on or off: `dist`, `dist+journal`, `dist+reconnect`, `dist+no-beat`.
// All variants run at the same time and take turns of `--times` calls, in an order that alternates; their processes are started
// anew a few times, for two starts of the same program differ by some percent. Printed are the medians of the ratios OTHER/BASE of
// all pairs, with their 95 % confidence intervals. Exits with 1 if the upper end of one is above `--most`.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Child } from './run/child.js';
import { medianInterval } from './statistics.js';

const END = fileURLToPath(new URL('run/cost-end.ts', import.meta.url));
/** The garbage collector's threads would be counted at random. */
const FLAGS = ['--single-threaded-gc', '--import', 'tsx'];
/** So many turns that do not count come first, so that the code is compiled. */
const WARM = 10;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    loads: { type: 'string', default: 'call,notify' },
    codecs: { type: 'string', default: 'jrpc,msgpack' },
    transports: { type: 'string', default: 'tcp' },
    pairs: { type: 'string', default: '300' },
    starts: { type: 'string', default: '6' },
    times: { type: 'string', default: '10000' },
    most: { type: 'string', default: '1.05' },
  },
});
if (positionals.length < 2) throw new Error('BASE and OTHER are folders of builds, such as dist and dist+journal');

/** The µs of each variant, turn by turn. */
async function measure(load: string, codec: string, transport: string): Promise<number[][]> {
  const times = Number(values.times);
  const starts = Number(values.starts);
  const turns: number[][] = [];
  for (let start = 0; start < starts; start++) {
    const children = positionals.map((variant) => {
      const [folder = '', ...features] = variant.split('+');
      return new Child(variant, END, [folder, codec, transport, ...features], FLAGS);
    });
    try {
      for (const child of children) await child.ask('ready');
      for (const child of children) await child.ask('run', { load, times: times * WARM });
      for (let turn = 0; turn < Math.ceil(Number(values.pairs) / starts); turn++) {
        const micros: number[] = [];
        const order = [...children.keys()];
        if (turn % 2 === 1) order.reverse();
        for (const at of order) micros[at] = (await children[at]?.ask<number>('run', { load, times })) ?? Number.NaN;
        turns.push(micros);
      }
    } finally {
      for (const child of children) await child.stop();
    }
  }
  return turns;
}

for (const transport of values.transports.split(','))
  for (const codec of values.codecs.split(','))
    for (const load of values.loads.split(',')) {
      const turns = await measure(load, codec, transport);
      const micros = (of: number): number[] => turns.map((turn) => turn[of] ?? Number.NaN);
      const base = micros(0);
      for (const [at, variant] of positionals.entries()) {
        if (at === 0) continue;
        const { median, low, high } = medianInterval(micros(at).map((cost, turn) => cost / (base[turn] ?? Number.NaN)));
        const figures = `${median.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})`;
        const both = [base, micros(at)].map((costs) => medianInterval(costs).median.toFixed(2)).join(' → ');
        const met = high <= Number(values.most);
        console.log(
          `${variant} ${load} ${codec}/${transport}: ${figures}${met ? '' : ` ABOVE ${values.most}`}; µs of CPU ${both}; ${turns.length} pairs`,
        );
        if (!met) process.exitCode = 1;
      }
    }
