import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../docs/pages.js';
import { npm, remove, scratch } from './packed.js';

/*
 * `npm ci` installs the development packages on every system. A lock file that npm writes beside an existing `node_modules` lacks the
 * optional packages for other systems, and `npm ci` refuses it there.
 */

interface Entry {
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

let packages: Readonly<Record<string, Entry>>;
let folder: string;
beforeAll(async () => {
  packages = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')).packages;
  folder = await scratch();
});
afterAll(() => remove(folder));

/** Whether the lock file has a package where Node looks for it from another one: beside it, or in a folder above. */
function found(from: string, name: string): boolean {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
    if (`${at === '' ? '' : `${at}/`}node_modules/${name}` in packages) return true;
    if (at === '') return false;
  }
}

describe('the lock file', () => {
  it('has every optional package, including those for other systems', () => {
    const wanted = Object.entries(packages).flatMap(([from, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).map((name) => ({ from, name })),
    );
    const names = wanted.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['@biomejs/cli-darwin-arm64', '@esbuild/win32-x64']));
    expect(wanted.filter(({ from, name }) => !found(from, name))).toEqual([]);
  });

  it('contains no host that packages come from', () => {
    expect(Object.keys(packages).filter((at) => packages[at]?.resolved !== undefined)).toEqual([]);
  });

  it('is accepted by `npm ci`', { timeout: 60_000 }, async () => {
    for (const file of ['package.json', 'package-lock.json', '.npmrc']) await cp(join(root, file), join(folder, file));
    // Nothing is downloaded or written: npm only compares the lock file with package.json.
    const said = await npm(['ci', '--dry-run', '--offline', '--ignore-scripts', '--include=dev'], folder);
    expect(said).toMatch(/^added \d+ packages/m);
  });
});
