/*
 * The runtimes that Obverse supports, installed from npm. `.ci/run` installs them once for all tests, by `tsx
 * test/package/runtimes.ts FOLDER`, and sets the variable RUNTIMES to the folder.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

/** How to run a script: a program, and the arguments before the script. */
export interface Runtime {
  readonly program: string;
  readonly args: readonly string[];
}

const windows = process.platform === 'win32';
const node = windows ? 'bin/node.exe' : 'bin/node';
const packages = {
  // The oldest version that package.json allows.
  'Node 20.19': { name: 'node', version: '20.19.0', program: node, args: [] },
  'Node 22': { name: 'node', version: '22', program: node, args: [] },
  'Node 24': { name: 'node', version: '24', program: node, args: [] },
  Bun: { name: 'bun', version: '1', program: 'bin/bun.exe', args: [] },
  Deno: { name: 'deno', version: '2', program: windows ? 'deno.exe' : 'deno', args: ['run', '--allow-all'] },
  // Runs Workers, and no programs: not one of `runtimeNames`.
  Workerd: { name: 'workerd', version: '1', program: 'bin/workerd', args: ['serve'] },
} as const;

export type RuntimeName = keyof typeof packages;
export const runtimeNames = (Object.keys(packages) as RuntimeName[]).filter((name) => name !== 'Workerd');

/** This Node. */
export const thisNode: Runtime = { program: process.execPath, args: [] };

/** Installs a runtime into a folder, unless it is there already. Returns it, or why that failed. */
export function installRuntime(name: RuntimeName, folder: string): Runtime | string {
  const { name: packageName, version, program: file, args } = packages[name];
  const own = join(folder, name.toLowerCase().replaceAll(/\W+/g, '-'));
  const program = join(own, 'node_modules', packageName, file);
  if (!existsSync(program)) {
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, 'package.json'), '{ "private": true }');
    const options = ['--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error', '--fetch-retries=1'];
    const installed = spawnSync('npm', ['install', ...options, `${packageName}@${version}`], {
      cwd: own,
      encoding: 'utf8',
      shell: windows,
      timeout: 300_000,
    });
    if (installed.status !== 0) {
      const lines = installed.stderr.split('\n');
      return (
        installed.error?.message ??
        lines.find((line) => /\w+Error: |not found|unsupported/i.test(line)) ??
        lines[0] ??
        ''
      );
    }
  }
  // A package for another processor or another C library installs too, but its program does not start.
  const started = spawnSync(program, ['--version'], { encoding: 'utf8', timeout: 60_000 });
  if (started.status !== 0) return started.error?.message ?? `it does not start: ${started.stderr}`;
  return { program, args };
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const [, , folder] = argv;
  if (folder === undefined) throw new Error('name the folder: tsx test/package/runtimes.ts FOLDER');
  for (const name of [...runtimeNames, 'Workerd' as const]) {
    const runtime = installRuntime(name, folder);
    console.log(typeof runtime === 'string' ? `could not install ${name}: ${runtime}` : `${name}: ${runtime.program}`);
  }
}
