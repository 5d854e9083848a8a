import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';

const here = (path: string): string => new URL(path, import.meta.url).pathname;

/** A program of this folder in its built form: its own file, and its imports from the library in chunks beside it. */
export async function buildProgram(
  name: string,
  options: BuildOptions = {},
): Promise<{ readonly path: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'obverse-'));
  await build({
    entryPoints: { [name]: here(`./${name}.ts`), index: here('../../src/index.ts') },
    // The list of side effects in package.json is for the built files.
    ignoreAnnotations: true,
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
    ...options,
  });
  return {
    path: join(folder, `${name}.mjs`),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
