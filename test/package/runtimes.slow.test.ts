import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { everything, matrixEnds, meet, ways } from './matrix-ends.js';
import { remove, scratch } from './packed.js';
import { installRuntime, runtimeNames, thisNode } from './runtimes.js';

/*
 * The packed library in every runtime that it supports: two programs make calls, streams, references and errors both
 * ways.
 */

let folder: string;
let project: string;
beforeAll(async () => {
  folder = await scratch();
  project = await matrixEnds(folder);
}, 180_000);
afterAll(() => remove(folder));

const runtimes = process.env.RUNTIMES ?? (await scratch());
afterAll(() => (process.env.RUNTIMES === undefined ? remove(runtimes) : undefined));

describe.each(runtimeNames)('%s', (name) => {
  const runtime = installRuntime(name, runtimes);
  if (typeof runtime === 'string') {
    console.warn(`skipped: ${name} cannot be installed: ${runtime}`);
    it.skip(`supports every feature of a call (${name} cannot be installed)`, () => {});
    return;
  }
  it.each(ways)(
    'supports every feature of a call, over %s: with %s, and exits',
    async (scheme, codec) => {
      const { near, far } = await meet(project, scheme, codec, runtime);
      expect(near).toEqual(everything);
      expect(far).toMatchObject({ code: 0, stderr: '' });
    },
    120_000,
  );

  it.each(['tcp', 'ws'])(
    'connects to this Node as a client, over %s:',
    async (scheme) => {
      const { near, far } = await meet(project, scheme, 'msgpack', runtime, thisNode);
      expect(near).toEqual(everything);
      expect(far).toMatchObject({ code: 0, stderr: '' });
    },
    120_000,
  );
});
