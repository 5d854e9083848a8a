// All rates that a build has to reach, compared with those of an earlier build, between two processes:
//   npx tsx bench/speed.ts BEFORE AFTER [--pairs 30] [--ms 300] [--starts 3] [--warm 1500] [--only tcp]
// BEFORE is the build at aa1d1b9. For each row it prints whether the ratio of the rates reaches its bar, and the CPU time of both ends for each
// call its own, 1.08. It takes some 40 s for each of the 20 rows, on two cores that do nothing else. `--warm`: how long, in ms, each
// pair of processes runs before it counts; the larger build needs longer until its code is compiled. `--only`: rows with this text in their
// names. Exits with 1 if a median misses its bar. On one core, a row fails if its whole interval is below its bar.
import { parseArgs } from 'node:util';
import type { Order } from './run/apart-end.js';
import { compareApart, WARM_MS } from './run/apart-pairs.js';

const CPU = 1.08;
const APART = ['0', '1'] as const;
const ONE = ['0', '0'] as const;

type Row = readonly [
  load: Order['load'],
  codec: string,
  transport: string,
  inFlight: number,
  atLeast: number,
  cores?: readonly ['0', '0'],
];

const rows: readonly Row[] = [
  ['call', 'jrpc', 'tcp', 1, 0.98],
  ['call', 'jrpc', 'tcp', 64, 1.4],
  ['call', 'jrpc', 'tcp', 256, 1.5],
  ['call', 'jrpc', 'tcp', 1_024, 1.5],
  ['call', 'jrpc', 'ws', 1, 0.98],
  ['call', 'jrpc', 'ws', 256, 1.4],
  ['call', 'jrpc', 'ws', 1_024, 1.4],
  ['call', 'msgpack', 'tcp', 1, 0.98],
  ['call', 'msgpack', 'tcp', 64, 1],
  ['call', 'msgpack', 'tcp', 1_024, 1.3],
  ['notify', 'jrpc', 'tcp', 1_024, 1],
  ['notify', 'msgpack', 'tcp', 1_024, 1],
  ['notify', 'jrpc', 'ws', 1_024, 1],
  ['stream', 'jrpc', 'tcp', 1, 1],
  ['stream', 'jrpc', 'tcp', 64, 1],
  ['stream', 'msgpack', 'tcp', 1, 1],
  ['callback', 'jrpc', 'ws', 64, 1],
  ['one-each', 'jrpc', 'tcp', 1_000, 0.98],
  ['call', 'jrpc', 'tcp', 64, 0.97, ONE],
  ['call', 'jrpc', 'ws', 64, 0.97, ONE],
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pairs: { type: 'string', default: '30' },
    ms: { type: 'string', default: '300' },
    starts: { type: 'string', default: '3' },
    warm: { type: 'string', default: `${WARM_MS}` },
    only: { type: 'string', default: '' },
  },
});
const [before, after] = positionals;
if (before === undefined || after === undefined) throw new Error('BEFORE and AFTER are folders of builds');

for (const [load, codec, transport, inFlight, atLeast, cores] of rows) {
  const name = `${load} ${codec}/${transport} ${inFlight}${cores === undefined ? '' : ', one core'}`;
  if (!name.includes(values.only)) continue;
  const [compared] = await compareApart([before, after], {
    order: { load, inFlight, ms: Number(values.ms) },
    codec,
    transport,
    pairs: Number(values.pairs),
    starts: Number(values.starts),
    warm: Number(values.warm),
    cores: cores ?? APART,
  });
  if (compared === undefined) continue;
  const { rate, cpu, text } = compared;
  const missed = [
    (cores === undefined ? rate.median : rate.high) < atLeast ? `rate below ${atLeast}` : [],
    cpu.median > CPU ? `CPU above ${CPU}` : [],
  ].flat();
  console.log(`${missed.length === 0 ? 'met   ' : 'MISSED'} ${name}: ${[...missed, text].join('; ')}`);
  if (missed.length > 0) process.exitCode = 1;
}
