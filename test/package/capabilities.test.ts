import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { root } from '../docs/pages.js';
import { features } from '../matrix/features.js';
import { newcomer, packed, remove, run, scratch, start } from './packed.js';

/*
 * What a call can do, as a user meets it: the tarball is installed in another folder, and the two ends of the matrix run there as
 * programs of their own, in plain JavaScript.
 */

let folder: string;
let project: string;
beforeAll(async () => {
  folder = await scratch();
  project = await newcomer(folder, (await packed(folder)).tarball, 'ws', 'msgpackr', 'zod');
  await build({
    entryPoints: ['near', 'far'].map((name) => join(root, `test/matrix/${name}.ts`)),
    outdir: project,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    // One that names them by a path would bring its own copy of the library.
    external: ['obverse'],
    tsconfigRaw: '{}',
  });
  await cp(join(project, 'far.mjs'), join(project, 'worker.mjs'));
}, 180_000);
afterAll(() => remove(folder));

const all = `tried ${2 * Object.keys(features).length}\n`;

it.each([
  ['tcp', 'jrpc'],
  ['tcp', 'msgpack'],
  ['ws', 'jrpc'],
  ['ws', 'msgpack'],
])(
  'works between two processes over %s: with %s',
  async (scheme, codec) => {
    const { found, end } = await start('far.mjs', [`${scheme}://127.0.0.1:0`, codec], project, /^at (\S+)$/m);
    try {
      expect(await run('near.mjs', [found, codec], project)).toEqual({ code: 0, stdout: all, stderr: '' });
    } finally {
      await end();
    }
  },
  60_000,
);

it.each(['clone', 'jrpc'])(
  'works with a worker, with %s',
  async (codec) => {
    const address = `worker:${join(project, 'worker.mjs')}`;
    expect(await run('near.mjs', [address, codec], project)).toEqual({ code: 0, stdout: all, stderr: '' });
  },
  60_000,
);
