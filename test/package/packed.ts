import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { root } from '../docs/pages.js';
import { registry } from './registry.js';
import { type Runtime, thisNode } from './runtimes.js';

/** Both compilers. */
export const compilers = {
  'TypeScript 6': join(root, 'node_modules/typescript/bin/tsc'),
  'TypeScript 7': join(root, 'node_modules/typescript7/bin/tsc'),
} as const;
/** What runs TypeScript. */
export const tsx: string = join(root, 'node_modules/tsx/dist/cli.mjs');

/** A folder that is removed at the end. */
export async function scratch(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'obverse-package-'));
}

/** Removes a folder; on Windows an exited process may still hold files. */
export function remove(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true, maxRetries: 10 });
}

/** The published package: its folder, its tarball, and the paths of its files. */
export interface Packed {
  readonly library: string;
  readonly tarball: string;
  readonly files: readonly string[];
}

/** Builds and packs the library as it is published, once for each run: the test files share it, and only read it. */
export async function packed(): Promise<Packed> {
  const shared = process.env.OBVERSE_SHARED;
  if (shared === undefined)
    throw new Error('vitest.config.ts names test/package/shared-package.ts as its global setup');
  const done = join(shared, 'packed.json');
  const failed = join(shared, 'failed.txt');
  // The process that creates the folder does the work; the others wait.
  const mine = await mkdir(join(shared, 'library')).then(
    () => true,
    () => false,
  );
  if (mine) {
    try {
      await writeFile(`${done}.new`, JSON.stringify(await pack(shared)));
      await rename(`${done}.new`, done);
    } catch (error) {
      await writeFile(failed, String(error));
    }
  }
  while (!existsSync(done)) {
    if (existsSync(failed)) throw new Error(await readFile(failed, 'utf8'));
    await wait(50);
  }
  return JSON.parse(await readFile(done, 'utf8')) as Packed;
}

/** In a folder of its own: tests that run at the same time may use the build in the repository. */
async function pack(folder: string): Promise<Packed> {
  const library = join(folder, 'library');
  const dist = join(library, 'dist');
  const { files: published } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { files: string[] };
  const named = published.filter((name) => name !== 'dist' && !name.startsWith('!'));
  await Promise.all([
    ...['package.json', 'README.md', 'LICENSE', ...named].map((name) =>
      cp(join(root, name), join(library, name), { recursive: true }),
    ),
    mustRun(join(root, 'node_modules/tsup/dist/cli-default.js'), ['--silent', '--out-dir', dist], root),
  ]);
  // Only now: the bundler first empties the folder.
  await mustRun(compilers['TypeScript 7'], ['-p', 'tsconfig.build.json', '--outDir', dist], root);
  await mustRun(join(root, 'scripts/prune-declarations.mjs'), [dist], root);
  const said = await npm(['pack', '--ignore-scripts', '--json', '--pack-destination', folder], library);
  const [{ filename, files }] = JSON.parse(said) as [{ filename: string; files: { path: string }[] }];
  return { library, tarball: join(folder, filename), files: files.map(({ path }) => path) };
}

/**
 * The project of a user who installs the tarball, and other packages by their names, at the versions that are installed
 * in the repository.
 */
export async function newcomer(folder: string, tarball: string, ...packages: string[]): Promise<string> {
  const project = join(folder, `newcomer${packages.map((name) => `-${name}`).join('')}`);
  await mkdir(project, { recursive: true });
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'newcomer', private: true, type: 'module' }));
  const { devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  const named = packages.map((name) => `${name}@${devDependencies[name]}`);
  await using served = await registry(folder, tarball);
  await npm(['install', '--no-audit', '--no-fund', tarball, ...named], project, served.env);
  return project;
}

/** Links the packages that are installed in the repository into a project. */
export async function lend(project: string, ...packages: string[]): Promise<void> {
  for (const name of packages) {
    const to = join(project, 'node_modules', name);
    await mkdir(dirname(to), { recursive: true });
    await symlink(join(root, 'node_modules', name), to, 'junction');
  }
}

/** The files in a folder and below it, as relative paths. */
export async function filesIn(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    );
}

/** What a program has printed, and how it exited. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script, with options for its runtime before it. */
export function run(
  script: string,
  args: readonly string[],
  cwd: string,
  options: readonly string[] = [],
  runtime: Runtime = thisNode,
): Promise<Ran> {
  return ended(spawned(runtime, [...options, script, ...args], cwd));
}

/**
 * Starts a script that runs until it is ended, and waits until it has printed a pattern, whose first group is returned.
 * `over` resolves when it has exited; `end` ends it.
 */
export async function start(
  script: string,
  args: readonly string[],
  cwd: string,
  ready: RegExp,
  runtime: Runtime = thisNode,
): Promise<{ found: string; over: Promise<Ran>; end(): Promise<Ran> }> {
  const child = spawned(runtime, [script, ...args], cwd);
  const over = ended(child);
  const found = await new Promise<string>((resolve, reject) => {
    let printed = '';
    child.stdout.on('data', (text: string) => {
      printed += text;
      const match = ready.exec(printed);
      if (match !== null) resolve(match[1] as string);
    });
    over.then(({ code, stderr }) => reject(new Error(`${script} ended with ${code}: ${stderr}`)), reject);
  });
  return {
    found,
    over,
    end: () => {
      child.kill();
      return over;
    },
  };
}

function spawned({ program, args }: Runtime, more: readonly string[], cwd: string): ChildProcessWithoutNullStreams {
  return spawn(program, [...args, ...more], { cwd, env: outside(), stdio: 'pipe' });
}

async function mustRun(script: string, args: readonly string[], cwd: string): Promise<string> {
  return mustSucceed(`${script} ${args.join(' ')}`, await run(script, args, cwd));
}

/** Runs npm, which must succeed, and returns its output. */
export async function npm(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const shell = process.platform === 'win32';
  const child = spawn('npm', [...args], { cwd, env: { ...outside(), ...env }, stdio: 'pipe', shell });
  return mustSucceed(`npm ${args.join(' ')}`, await ended(child));
}

function mustSucceed(command: string, { code, stdout, stderr }: Ran): string {
  if (code !== 0) throw new Error(`${command} ended with ${code}:\n${stdout}${stderr}`);
  return stdout;
}

/** Resolves once a program has closed its outputs, with all of the output. */
export function ended(child: ChildProcess): Promise<Ran> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/**
 * The environment without the variables that npm and vitest set for their child processes: npm would install into the
 * repository.
 */
export function outside(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) =>
      !/^(npm_(config_local_prefix|package_|lifecycle_|command|execpath)|vitest|node_env$|node_options$)/i.test(name),
  );
  return Object.fromEntries(inherited);
}
