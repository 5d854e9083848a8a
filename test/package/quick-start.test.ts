import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { root } from '../docs/pages.js';
import { packed, remove, scratch } from './packed.js';
import { registry } from './registry.js';
import { follow, followed, quickStart } from './steps.js';

/*
 * The quick start of the README, followed word by word: its three files and its commands, in an empty folder, with the
 * packed library and each of the compilers as the latest version of TypeScript.
 */
const start = quickStart('README.md', 'Install');

let folder: string;
let tarball: string;
beforeAll(async () => {
  folder = await scratch();
  tarball = (await packed()).tarball;
}, 180_000);
afterAll(() => remove(folder));

async function versionOf(project: string, name: string): Promise<string> {
  const text = await readFile(join(project, 'node_modules', name, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

it('exists', () => {
  expect([...start.files.keys()]).toEqual(['chat.ts', 'server.ts', 'client.ts']);
  const commands = start.steps.flatMap(({ command, other = [] }) => [command, other]).flat();
  expect(commands).toEqual(
    expect.arrayContaining(['npm install obverse', 'npx tsc', 'node server.js', 'node client.js']),
  );
  expect(start.steps.at(-1)?.printed).toBe('ann: hello\n1\n');
});

it.each([
  ['TypeScript 6', 'typescript'],
  ['TypeScript 7', 'typescript7'],
])('works as printed, with %s', { timeout: 120_000 }, async (name, latest) => {
  await using packages = await registry(folder, tarball, latest);
  const at = await followed(join(folder, name), start, packages.env);
  await follow(at, start);
  expect(await versionOf(at.cwd, 'typescript')).toBe(await versionOf(root, latest));
});
