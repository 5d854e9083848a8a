import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** The folder of the benchmark's sources. */
export const sources = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/**
 * Compiles the benchmark, file by file, and gives the folder of the result. The processes that are measured run plain
 * JavaScript without a loader: a loader wraps functions to keep their names, takes memory, and does not reach into worker
 * threads.
 */
export async function compile(folder = path.join(sources, '.compiled')): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, '.gitignore'), '*\n');
  await build({
    entryPoints: ['contestant.ts', 'adapters/**/*.ts', 'run/**/*.ts'].map((glob) => path.join(sources, glob)),
    outbase: sources,
    outdir: folder,
    bundle: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
  });
  return folder;
}
