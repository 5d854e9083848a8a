import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/**
 * Compiles a program of the tests, with the library in it, to one file of plain JavaScript: a process starts much
 * faster with it than with the loader of tsx, and a thread has no such loader. Returns `outfile`.
 */
export async function compileProgram(program: string, outfile: string): Promise<string> {
  await build({
    entryPoints: [program],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    // package.json lists the built files with side effects, which implies that no source file has any.
    ignoreAnnotations: true,
    alias: { obverse: fileURLToPath(new URL('../../src/index.ts', import.meta.url)) },
  });
  return outfile;
}

/** A program that is compiled when it is first needed, into a folder beside it. */
export interface OnceCompiled {
  path(): Promise<string>;
  remove(): Promise<void>;
}

/** The program of a test, by its URL: `compiledOnce(new URL('far.ts', import.meta.url))`. */
export function compiledOnce(program: URL): OnceCompiled {
  const source = fileURLToPath(program);
  const name = basename(source, '.ts');
  const folder = join(dirname(source), '.compiled', `${name}-${process.pid}`);
  let path: Promise<string> | undefined;
  return {
    path() {
      path ??= compileProgram(source, join(folder, `${name}.mjs`));
      return path;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
