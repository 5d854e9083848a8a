// npm run bench:survive -- [cuts = 1000] [--mode hand|reconnect|resume] [--seed 1] [--rate 500]
import { Random } from '../../src/testing/random.js';
import { COMBINATIONS, modeOf, printed, readArguments } from './report.js';
import { broken, Run } from './run.js';
import { bestMode } from './spec.js';

const { numbers, named } = readArguments(['mode', 'seed', 'rate']);
const [cuts = 1_000] = numbers;
const mode = modeOf(named.get('mode'), bestMode(), ['hand', 'reconnect', 'resume']);
const seed = Number(named.get('seed') ?? 1);
const rate = Number(named.get('rate') ?? 500);
console.log(`mode ${mode}; ${cuts} cuts, seed ${seed}, ${rate} calls per second in each direction`);

const all: string[] = [];
for (const { codec, transport } of COMBINATIONS) {
  const started = performance.now();
  const random = new Random(seed);
  const run = await Run.start({ codec, transport, mode, seed, rate, streams: 50, callbacks: 50, most: 4_000_000 });
  try {
    // Each is followed by one while the client dials.
    for (let cut = 0; cut < Math.ceil(cuts / COMBINATIONS.length / 2); cut++) await run.cut(random, cut);
    const outcome = await run.finish();
    const wrong = broken(outcome, mode);
    all.push(...wrong.map((what) => `${codec} over ${transport}: ${what}`));
    console.log(
      `${codec} over ${transport}, ${((performance.now() - started) / 1_000).toFixed(0)} s\n${printed(outcome)}`,
    );
  } finally {
    await run.close();
  }
}
console.log(all.length === 0 ? 'nothing is broken' : `BROKEN: ${all.join('; ')}`);
process.exit(all.length === 0 ? 0 : 1);
