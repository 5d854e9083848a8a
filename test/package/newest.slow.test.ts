import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromium } from './chromium.js';
import { packed, remove, scratch } from './packed.js';
import { follow, followed, quickStart } from './steps.js';
import { visit } from './visit.js';

/*
 * The quick starts with the newest versions in the registry, as somebody gets them who follows a page today. The other
 * tests use the versions of package.json.
 */
const page = 'docs/quick-starts.md';
const starts = {
  tsc: { start: quickStart('README.md', 'Install'), tools: ['typescript'] },
  tsx: { start: quickStart(page, 'tsx'), tools: ['tsx'] },
  Vitest: { start: quickStart(page, 'Vitest', 'A page, with Vite'), tools: ['vitest', 'vite', 'esbuild'] },
};
const pages = {
  Vite: { start: quickStart(page, 'A page, with Vite'), tools: ['vite', 'esbuild', 'tsx'] },
  esbuild: { start: quickStart(page, 'A page, with esbuild'), tools: ['esbuild', 'tsx'] },
};

/** Why it cannot be tested here. */
function reason(): string | undefined {
  const [major = 0] = process.versions.node.split('.').map(Number);
  if (major < 22) return `the newest tools need Node 22 or newer; this is ${process.version}`;
  const { status } = spawnSync('npm', ['view', 'typescript', 'version', '--fetch-retries=0', '--fetch-timeout=20000'], {
    shell: process.platform === 'win32',
    timeout: 60_000,
  });
  return status === 0 ? undefined : 'the registry cannot be reached';
}
const absent = reason();
if (absent !== undefined) console.log(`skipped: ${absent}`);
else if (chromium === undefined)
  console.log('skipped: there is no Chromium, so the quick starts of pages are not followed');

let folder: string;
let library: string;
beforeAll(async () => {
  folder = await scratch();
  if (absent === undefined) library = (await packed()).tarball;
}, 180_000);
afterAll(() => remove(folder));

/** Prints the installed versions; the test is about the versions of that day. */
async function tell(project: string, tools: readonly string[]): Promise<void> {
  for (const tool of tools) {
    const text = await readFile(join(project, 'node_modules', tool, 'package.json'), 'utf8');
    const { version } = JSON.parse(text) as { version: string };
    expect(version).toMatch(/^\d/);
    console.log(`${tool} ${version}`);
  }
}

describe('with the newest tools of the registry', () => {
  it.skipIf(absent !== undefined).each(Object.entries(starts))(
    '%s',
    { timeout: 300_000 },
    async (name, { start, tools }) => {
      const at = await followed(join(folder, name), start);
      await follow({ ...at, library }, start);
      await tell(at.cwd, tools);
    },
  );

  const skipped = absent !== undefined || chromium === undefined;
  it.skipIf(skipped).each(Object.entries(pages))(
    'a page with %s',
    { timeout: 300_000 },
    async (name, { start, tools }) => {
      const at = await followed(join(folder, `page-${name}`), start);
      const lines = ['ann: hello', '1'];
      await follow({ ...at, library }, start, (server) => visit(server, join(folder, 'browser', name), lines));
      await tell(at.cwd, tools);
    },
  );
});
