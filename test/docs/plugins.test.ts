import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { blocksOf, nameOf, root } from './pages.js';

/* The plug-ins of the pages pass the published suites as the pages show it: with node:test, in a separate process. */
const folder = `${root}/test/docs/.blocks/plugins`;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes the modules of a page and runs one. Returns its exit code and its output. */
async function run(page: string, name: string): Promise<{ code: number; printed: string }> {
  mkdirSync(folder, { recursive: true });
  for (const block of blocksOf(page).filter(({ info }) => info.startsWith('ts'))) {
    writeFileSync(`${folder}/${nameOf(block)}`, block.code);
  }
  const child = spawn(process.execPath, ['--import', 'tsx', '--test-reporter=tap', `${folder}/${name}`], { cwd: root });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      printed += chunk;
    });
  }
  const [code] = (await once(child, 'close')) as [number];
  return { code, printed };
}

describe('the plug-ins of the pages pass the suites', { timeout: 60_000 }, () => {
  it.each([
    ['docs/writing-a-codec.md', 'arrays-test.ts', 20],
    ['docs/writing-a-transport.md', 'channel-test.ts', 20],
    ['docs/writing-an-extension.md', 'quota-test.ts', 6],
  ])('%s', async (page, name, more) => {
    const { code, printed } = await run(page, name);
    expect(code, printed).toBe(0);
    expect(Number(/^# pass (\d+)$/m.exec(printed)?.[1])).toBeGreaterThan(more);
  });
});
