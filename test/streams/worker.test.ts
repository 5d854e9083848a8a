import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileProgram } from '../support/compile-program.js';
import { held } from './held.js';
import { all, Seen, Streams, sourceOf, upTo } from './spec.js';

const folder = fileURLToPath(new URL(`.compiled/${process.pid}`, import.meta.url));
const program = `${folder}/far.mjs`;

beforeAll(() => compileProgram(fileURLToPath(new URL('far.ts', import.meta.url)), program));
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(['clone', 'jrpc'])('over worker: with %s', (codec) => {
  const connect = () =>
    Streams.invert().connect({ url: `worker:${program}`, argv: ['port:parent', codec] }, { codec, logger: null });

  it('streams arrive, are cancelled, fail, and can be arguments', { timeout: 60_000 }, async () => {
    await using side = await connect();
    expect((await all(side.remote.count({ to: 5_000 }))).items).toEqual(upTo(5_000));
    expect((await all(side.remote.count({ to: 5_000, kind: 'async' }))).items).toEqual(upTo(5_000));
    for await (const n of side.remote.count({ to: 1e9 })) if (n === 1_000) break;
    const { items, error } = await all(side.remote.fail({ after: 300 }));
    expect([items.length, (error as Error).message]).toEqual([300, 'no more numbers']);
    const of = sourceOf('async', 1_000, new Seen()) as AsyncIterable<number>;
    expect(await side.remote.sum({ of })).toBe(499_500);
    expect(held(side)).toBe(0);
  });
});
