import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** A program of the tests in plain JavaScript, for a thread: the loader of a process does not reach into one. Gives `outfile`. */
export async function compileForThreads(program: string, outfile: string): Promise<string> {
  await build({
    entryPoints: [program],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    // The package says of its built files which have effects, and so of the sources that none has.
    ignoreAnnotations: true,
    alias: { obverse: fileURLToPath(new URL('../../src/index.ts', import.meta.url)) },
  });
  return outfile;
}
