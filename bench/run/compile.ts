import { copyFile, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** The folders of the benchmark's sources, and of the repository. */
export const benchFolder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
export const repository = path.dirname(benchFolder);

/** Whether the built package is measured, or the sources. */
export type Subject = 'built' | 'sources';

/**
 * Compiles the benchmark, file by file, and returns the folder of the result, in which the package `obverse` is
 * installed as for a user. The measured processes run plain JavaScript without a loader: a loader wraps functions to
 * keep their names, takes memory, and does not apply to worker threads.
 */
export async function compile(subject: Subject, folder = path.join(benchFolder, '.compiled')): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  const installed = path.join(folder, 'node_modules/obverse');
  await mkdir(installed, { recursive: true });
  await writeFile(path.join(folder, '.gitignore'), '*\n');
  // A package of its own: within the package obverse, that name would mean the repository.
  await writeFile(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  await transpile(benchFolder, ['contestant.ts', 'adapters/**/*.ts', 'run/**/*.ts'], folder);
  if (subject === 'built') {
    await copyFile(path.join(repository, 'package.json'), path.join(installed, 'package.json'));
    await symlink(path.join(repository, 'dist'), path.join(installed, 'dist'), 'junction');
  } else {
    await transpile(repository, ['src/**/*.ts', 'codecs/**/*.ts', 'transports/**/*.ts'], installed);
    const manifest = { name: 'obverse', type: 'module', exports: './src/index.js' };
    await writeFile(path.join(installed, 'package.json'), JSON.stringify(manifest));
  }
  return folder;
}

/** Compiles the benchmark of engines, with the sources of the library, for the same reason. Returns the folder of the result. */
export async function compileEngines(folder = path.join(benchFolder, '.engines')): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, '.gitignore'), '*\n');
  const own = ['bench/engines/**/*.ts', 'bench/statistics.ts', 'test/support/*.ts'];
  await transpile(repository, [...own, 'src/**/*.ts', 'codecs/**/*.ts', 'transports/**/*.ts'], folder);
  return folder;
}

async function transpile(root: string, globs: readonly string[], outdir: string): Promise<void> {
  await build({
    entryPoints: globs.map((glob) => path.join(root, glob)),
    outbase: root,
    outdir,
    bundle: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
  });
}
