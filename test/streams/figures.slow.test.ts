import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { benchFolder, compile } from '../../bench/run/compile.js';
import { StreamPair } from '../../bench/run/stream-pair.js';

/*
 * What is promised of streams between two processes, as bounds and ratios. Others may use the machine at the same time: what cannot be
 * met by chance has several tries. `npx tsx bench/streams.ts` prints the figures, and how many items a second are carried.
 */
let folder = '';

beforeAll(async () => {
  folder = await compile('sources', path.join(benchFolder, `.compiled-for-stream-tests-${process.pid}`));
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Tries until it is true; gives the last value. */
async function soon<T>(tries: number, attempt: () => Promise<T>, good: (value: T) => boolean): Promise<T> {
  let value = await attempt();
  for (let n = 1; n < tries && !good(value); n++) value = await attempt();
  return value;
}

describe.each([
  ['tcp:', 'tcp://127.0.0.1:0'],
  ['ws:', 'ws://127.0.0.1:0'],
])('over %s', (_link, url) => {
  let pair: StreamPair;
  beforeAll(async () => {
    pair = await StreamPair.start(folder, url, 'jrpc');
  }, 60_000);
  afterAll(() => pair.stop());

  it('a producer that never waits stays within the window of a slow consumer, for ten seconds', {
    timeout: 120_000,
  }, async () => {
    const { ahead, taken, grown } = await pair.slowly(10_000);
    expect(taken).toBeGreaterThan(100);
    // What is taken between the two questions counts as ahead.
    expect(ahead).toBeLessThanOrEqual(256 + 16);
    expect(ahead).toBeGreaterThan(100);
    expect(grown).toBeLessThan(10_000_000);
  });

  it('a call beside 1,000 streams that run as fast as they can is hardly slower than alone', {
    timeout: 300_000,
  }, async () => {
    const few = ({ alone, beside }: { alone: number; beside: number }): boolean => beside < 5 * alone;
    const figures = await soon(3, () => pair.beside(1_000, 0), few);
    expect(figures).toSatisfy(few);
  });
});
