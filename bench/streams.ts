import { rm } from 'node:fs/promises';
import path from 'node:path';
import { benchFolder, compile } from './run/compile.js';
import { type Beside, StreamPair } from './run/stream-pair.js';
import type { Flood } from './run/stream-spec.js';

// Measures rate, buffering and latency of streams: `npx tsx bench/streams.ts [url [codec]]`.
const [only, codecs = 'jrpc,msgpack'] = process.argv.slice(2);
const urls = only === undefined ? ['tcp://127.0.0.1:0', 'ws://127.0.0.1:0'] : [only];
const folder = await compile('sources', path.join(benchFolder, `.compiled-for-streams-${process.pid}`));
try {
  for (const url of urls) {
    for (const codec of codecs.split(',')) {
      const pair = await StreamPair.start(folder, url, codec);
      try {
        await measure(pair, `${codec} over ${url.split(':')[0]}`);
      } finally {
        await pair.stop();
      }
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function measure(pair: StreamPair, name: string): Promise<void> {
  const floods: Flood[] = ['numbers', 'awaited', 'readings'];
  for (const flood of floods) {
    await pair.items(flood, 200_000);
    const rounds = [];
    for (let round = 0; round < 3; round++) rounds.push(await pair.items(flood, 500_000));
    const rates = rounds.map(({ rate }) => `${(rate / 1e6).toFixed(2)} M/s`).join(', ');
    const micros = Math.min(...rounds.map((round) => round.micros)).toFixed(2);
    console.log(`${name}: ${flood}: ${rates}; ${micros} µs of CPU for an item, both ends together`);
  }
  for (const [streams, every] of [
    [1_000, 0],
    [1_000, 10],
    [1, 0],
  ] as const) {
    const how = every === 0 ? 'as fast as they can' : `an item in ${every} ms each`;
    const runs: Beside[] = [];
    for (let run = 0; run < 5; run++) runs.push(await pair.beside(streams, every));
    const ratios = runs.map(({ alone, beside }) => beside / alone).sort((a, b) => a - b);
    const micros = runs.map(({ alone, beside }) => `${alone.toFixed(0)}→${beside.toFixed(0)}`).join(', ');
    const rate = Math.max(...runs.map((run) => run.rate)) / 1e6;
    console.log(
      `${name}: p99 of a call beside ${streams} streams, ${how} (${rate.toFixed(2)} M items/s): ${ratios[2]?.toFixed(1)} × (${ratios[0]?.toFixed(1)}–${ratios[4]?.toFixed(1)}) that of a call alone; in µs: ${micros}`,
    );
  }
  const { ahead, taken, grown } = await pair.slowly(10_000);
  console.log(
    `${name}: one item in 10 ms for 10 s: ${taken} taken, at most ${ahead} ahead, ${(grown / 1e6).toFixed(1)} MB more held`,
  );
}
