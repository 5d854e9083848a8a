import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** The folder of the project. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Both compilers. */
export const compilers = {
  'TypeScript 6': join(root, 'node_modules/typescript/bin/tsc'),
  'TypeScript 7': join(root, 'node_modules/typescript7/bin/tsc'),
} as const;

/** A folder with the library in its node_modules, file by file, with declarations. `await using` removes it. */
export interface Sandbox extends AsyncDisposable {
  readonly folder: string;
}

/** Makes a sandbox. `js: false` omits the files that are needed to run programs. */
export async function sandbox({ js = true } = {}): Promise<Sandbox> {
  const folder = await mkdtemp(join(tmpdir(), 'obverse-'));
  const library = join(folder, 'node_modules/obverse');
  await mkdir(library, { recursive: true });
  await mkdir(join(folder, 'node_modules/@types'));
  await Promise.all(
    ['reflect-metadata', '@types/node', 'undici-types'].map(async (name) => {
      await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name), 'junction');
    }),
  );
  const exports = { '.': { types: './src/index.d.ts', default: './src/index.js' } };
  await writeFile(join(library, 'package.json'), JSON.stringify({ name: 'obverse', type: 'module', exports }));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  await Promise.all([
    js && build({ entryPoints: await sources(), outdir: library, outbase: root, format: 'esm', target: 'es2022' }),
    // Errors elsewhere in the source do not prevent the declarations from being written.
    run(compilers['TypeScript 7'], ['-p', join(root, 'tsconfig.build.json'), '--outDir', library], root),
  ]);
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

async function sources(): Promise<string[]> {
  const folders = ['src', 'codecs', 'transports'].map(async (folder) => {
    const files = await readdir(join(root, folder), { recursive: true });
    return files.filter((file) => file.endsWith('.ts')).map((file) => join(root, folder, file));
  });
  return (await Promise.all(folders)).flat();
}

/** What a program has printed, and how it exited. */
export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script with this Node. */
export function run(script: string, args: readonly string[], cwd: string): Promise<Run> {
  const child = spawn(process.execPath, [script, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
