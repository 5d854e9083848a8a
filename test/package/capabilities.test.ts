import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { everything, matrixEnds, meet, ways } from './matrix-ends.js';
import { remove, run, scratch } from './packed.js';

/*
 * What a call can do for a user: the tarball is installed in another folder, and the two ends of the matrix run there
 * as separate programs, in plain JavaScript. Runtimes other than this Node are in runtimes.slow.test.ts.
 */

let folder: string;
let project: string;
beforeAll(async () => {
  folder = await scratch();
  project = await matrixEnds(folder);
}, 180_000);
afterAll(() => remove(folder));

it.each(ways)(
  'works between two processes over %s: with %s',
  async (scheme, codec) => {
    const { near, far } = await meet(project, scheme, codec);
    expect(near).toEqual(everything);
    expect(far).toMatchObject({ code: 0, stderr: '' });
  },
  60_000,
);

it.each(['clone', 'jrpc'])(
  'works with a worker, with %s',
  async (codec) => {
    const address = `worker:${join(project, 'worker.mjs')}`;
    expect(await run('near.mjs', [address, codec], project)).toEqual(everything);
  },
  60_000,
);
