import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from '../docs/pages.js';
import { features } from '../matrix/features.js';
import { newcomer, packed, type Ran, run, start } from './packed.js';
import { type Runtime, thisNode } from './runtimes.js';

/** The transports between two programs, each with each codec. */
export const ways = [
  ['tcp', 'jrpc'],
  ['tcp', 'msgpack'],
  ['ws', 'jrpc'],
  ['ws', 'msgpack'],
] as const;

/** The output of `near.mjs` when every feature works both ways. */
export const everything: Ran = { code: 0, stdout: `tried ${2 * Object.keys(features).length}\n`, stderr: '' };

/**
 * A project with the packed library, and with the two ends of the matrix as programs in plain JavaScript: near.mjs,
 * far.mjs, worker.mjs.
 */
export async function matrixEnds(folder: string): Promise<string> {
  const project = await newcomer(folder, (await packed()).tarball, 'ws', 'msgpackr', 'zod');
  await build({
    entryPoints: ['near', 'far'].map((name) => join(root, `test/matrix/${name}.ts`)),
    outdir: project,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    // An import by path would load a second copy of the library.
    external: ['obverse'],
    tsconfigRaw: '{}',
  });
  await cp(join(project, 'far.mjs'), join(project, 'worker.mjs'));
  return project;
}

/** Starts the far end, runs all checks of the near end, and returns how both have exited by themselves. */
export async function meet(
  project: string,
  scheme: string,
  codec: string,
  near: Runtime = thisNode,
  far: Runtime = near,
): Promise<{ near: Ran; far: Ran }> {
  const server = await start('far.mjs', [`${scheme}://127.0.0.1:0`, codec], project, /^at (\S+)$/m, far);
  try {
    const ran = await run('near.mjs', [server.found, codec], project, [], near);
    return { near: ran, far: ran.code === 0 ? await server.over : await server.end() };
  } finally {
    await server.end();
  }
}
