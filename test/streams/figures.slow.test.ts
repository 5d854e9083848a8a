import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { benchFolder, compile } from '../../bench/run/compile.js';
import { StreamPair } from '../../bench/run/stream-pair.js';

/*
 * What the library promises for streams between two processes, as limits and ratios. Other programs may use the machine
 * at the same time: what cannot succeed by chance is tried several times. `npx tsx bench/streams.ts` prints the
 * figures, and the items per second.
 */
let folder = '';

beforeAll(async () => {
  folder = await compile('sources', path.join(benchFolder, `.compiled-for-stream-tests-${process.pid}`));
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Repeats until it is true; returns the last value. */
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
    // Items read between the two questions count as ahead.
    expect(ahead).toBeLessThanOrEqual(256 + 16);
    expect(ahead).toBeGreaterThan(100);
    expect(grown).toBeLessThan(10_000_000);
  });

  it('a call beside 1,000 streams at full speed is hardly slower than alone', {
    timeout: 300_000,
  }, async () => {
    const few = ({ alone, beside }: { alone: number; beside: number }): boolean => beside < 5 * alone;
    const figures = await soon(3, () => pair.beside(1_000, 0), few);
    expect(figures).toSatisfy(few);
  });
});
