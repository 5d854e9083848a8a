import { spawnSync } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { headingsOf } from '../docs/pages.js';
import { chromium } from './chromium.js';
import { packed, remove, scratch } from './packed.js';
import { type Registry, registry } from './registry.js';
import { follow, followed, type QuickStart, quickStart } from './steps.js';
import { visit } from './visit.js';

/*
 * The quick starts of docs/quick-starts.md, followed word by word in empty folders, with the packed library.
 */
const page = 'docs/quick-starts.md';

let folder: string;
let packages: Registry;
beforeAll(async () => {
  folder = await scratch();
  packages = await registry(folder, (await packed()).tarball);
}, 180_000);
afterAll(async () => {
  await packages[Symbol.asyncDispose]();
  await remove(folder);
});

/** Bun and Deno are on the PATH, or in the environment variables BUN and DENO. */
const named = [process.env.BUN, process.env.DENO].flatMap((each) => (each === undefined ? [] : dirname(each)));
const PATH = [...named, process.env.PATH].join(delimiter);
const enter = (start: QuickStart, name: string) =>
  followed(join(folder, name.replaceAll(/\W+/g, '-')), start, { ...packages.env, PATH });
function isAbsent(command: string): boolean {
  const absent = spawnSync(command, ['--version'], { shell: true, env: { ...process.env, PATH } }).status !== 0;
  if (absent) console.log(`skipped: there is no ${command} on the PATH, so its quick start is not followed`);
  return absent;
}

it('are all followed', () => {
  const here = ['tsx', 'Bun', 'Deno', 'A page, with Vite', 'A page, with esbuild', 'Vitest'];
  expect(headingsOf(page, 2).map(({ text }) => text)).toEqual(here);
});

describe.each([
  ['tsx', 'npx'],
  ['Bun', 'bun'],
  ['Deno', 'deno'],
])('%s', (name, command) => {
  it.skipIf(isAbsent(command))('runs both programs', { timeout: 120_000 }, async () => {
    const start = quickStart(page, name);
    expect(start.steps.at(-1)?.printed).toBe('ann: hello\n1\n');
    await follow(await enter(start, name), start);
  });
});

if (chromium === undefined) console.log('skipped: there is no Chromium, so the quick starts of pages are not followed');
describe.each(['A page, with Vite', 'A page, with esbuild'])('%s', (name) => {
  it.skipIf(chromium === undefined)('shows the expected output in its console', { timeout: 180_000 }, async () => {
    const start = quickStart(page, name);
    await follow(await enter(start, name), start, (server) =>
      visit(server, join(folder, 'browser', name), ['ann: hello', '1']),
    );
  });
});

describe('Vitest', () => {
  it('passes a test of a spec with decorators', { timeout: 120_000 }, async () => {
    const start = quickStart(page, 'Vitest', 'A page, with Vite');
    await follow(await enter(start, 'Vitest'), start);
  });
});
