// The first 100,000 items of a stream, small objects from a plain generator, in a process that has done nothing before, compared with
// callbacks for lines of JSON over a bare socket:
//   npx tsx bench/cold.ts BUILD… [--pairs 15] [--codec jrpc] [--count 100000]
// Both ends are in one process, which is started for each measurement. Printed are the medians of the ratios of the rates, bare = 1, and of
// the CPU times, with their 95 % confidence intervals. The bar is .5.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { medianInterval } from './statistics.js';

const END = fileURLToPath(new URL('run/cold-end.ts', import.meta.url));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pairs: { type: 'string', default: '15' },
    codec: { type: 'string', default: 'jrpc' },
    count: { type: 'string', default: '100000' },
  },
});
if (positionals.length === 0) throw new Error('BUILD is the folder of a build, such as dist');

interface Cold {
  readonly seconds: number;
  readonly cpu: number;
}
function measure(folder: string): Cold {
  const args = ['--import', 'tsx', END, folder, values.codec, values.count];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Cold;
}

const turns = Array.from({ length: Number(values.pairs) }, () => ['bare', ...positionals].map(measure));
for (const [at, folder] of positionals.entries()) {
  const ratio = (of: keyof Cold): string => {
    const all = turns.map((turn) => (turn[0]?.[of] ?? Number.NaN) / (turn[at + 1]?.[of] ?? Number.NaN));
    const { median, low, high } = medianInterval(all);
    return `${median.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})`;
  };
  const rate = medianInterval(
    turns.map((turn) => Number(values.count) / 1_000 / (turn[at + 1]?.seconds ?? Number.NaN)),
  );
  console.log(
    `${folder}: rate ${ratio('seconds')} of the bare one, ${rate.median.toFixed(0)} k items/s; by CPU ${ratio('cpu')}; ${turns.length} pairs`,
  );
}
