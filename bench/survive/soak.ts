// npm run soak -- [minutes = 30] [--mode hand|reconnect|resume] [--seed 1] [--rate 500]

import { Random } from '../../src/testing/random.js';
import type { Child } from '../run/child.js';
import { COMBINATIONS, modeOf, printed, readArguments } from './report.js';
import { broken, Run } from './run.js';
import { bestMode } from './spec.js';
import { sleep } from './traffic.js';

/** After the first sixth, the memory of a process stays within this part of what it had then. */
const MOST_GROWN = 1.1;
const SAMPLES = 60;

const { numbers, named } = readArguments(['mode', 'seed', 'rate']);
const [minutes = 30] = numbers;
const mode = modeOf(named.get('mode'), bestMode(), ['hand', 'reconnect', 'resume']);
const seed = Number(named.get('seed') ?? 1);
const rate = Number(named.get('rate') ?? 500);
const most = Math.ceil(minutes * 60 * rate * 1.1);
console.log(`mode ${mode}; ${minutes} minutes, seed ${seed}, ${rate} calls per second in each direction`);

const combinations = COMBINATIONS.slice(0, 2);
const runs = await Promise.all(
  combinations.map((one) => Run.start({ ...one, mode, seed, rate, streams: 50, callbacks: 50, most })),
);
const wrong: string[] = [];
try {
  let isOver = false;
  const cutting = runs.map(async (run) => {
    const random = new Random(seed);
    for (let cut = 0; !isOver; cut++) await run.cut(random, cut);
  });
  const samples = new Map<string, number[]>();
  const end = performance.now() + minutes * 60_000;
  for (let sample = 0; sample < SAMPLES; sample++) {
    await Promise.race([sleep((end - performance.now()) / (SAMPLES - sample)), ...cutting]);
    for (const [n, run] of runs.entries())
      for (const [name, child] of [
        ['client', run.client],
        ['server', run.server],
      ] as const) {
        const what = `${combinations[n]?.codec} over ${combinations[n]?.transport}, ${name}`;
        samples.set(what, [...(samples.get(what) ?? []), await heapOf(child)]);
      }
    if (sample % 10 === 9) for (const [what, heaps] of samples) console.log(`${what}: ${mib(heaps.at(-1) ?? 0)}`);
  }
  isOver = true;
  await Promise.all(cutting);
  for (const [what, heaps] of samples) wrong.push(...grown(what, heaps));
  for (const [n, run] of runs.entries()) {
    const outcome = await run.finish();
    const name = `${combinations[n]?.codec} over ${combinations[n]?.transport}`;
    console.log(`${name}\n${printed(outcome)}`);
    wrong.push(...broken(outcome, mode).map((one) => `${name}: ${one}`));
  }
} finally {
  await Promise.all(runs.map((run) => run.close()));
}
console.log(wrong.length === 0 ? 'nothing is broken' : `BROKEN: ${wrong.join('; ')}`);
process.exit(wrong.length === 0 ? 0 : 1);

/** What a process holds after a garbage collection, buffers included. */
async function heapOf(child: Child): Promise<number> {
  const { heapUsed, external } = await child.ask<NodeJS.MemoryUsage>('memory');
  return heapUsed + external;
}

/** The median of the last third against that of the samples around the first sixth: single samples depend on what is open. */
function grown(what: string, heaps: readonly number[]): string[] {
  const sixth = Math.floor(heaps.length / 6);
  const [before, after] = [median(heaps.slice(sixth, 2 * sixth)), median(heaps.slice(-2 * sixth))];
  console.log(`${what}: ${mib(before)} after the first sixth, ${mib(after)} at the end`);
  return after > before * MOST_GROWN ? [`${what}: the memory has grown from ${mib(before)} to ${mib(after)}`] : [];
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function mib(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
