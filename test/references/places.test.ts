import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { buildProgram } from './built.js';

const program = 'places-program';

async function linesOf(path: string, args: readonly string[] = []): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [...args, path]);
  return stdout.trimEnd().split('\n');
}

it('the error for use after release names the place of the release, also if the library is built into chunks', async () => {
  await using built = await buildProgram(program);
  expect((await readdir(dirname(built.path))).some((file) => file.startsWith('chunk-'))).toBe(true);
  const place = (name: string) =>
    expect.stringMatching(
      new RegExp(
        `^the reference can no longer be called: it was released at ${name} \\(.*${program}\\.mjs:\\d+:\\d+\\)$`,
      ),
    );
  expect(await linesOf(built.path)).toEqual([
    place('later'),
    place('named'),
    place('block'),
    'the reference can no longer be called: it was passed with hold, which has ended, and was not kept with keep(…)',
    'symbol',
  ]);
});

it('the same holds in an engine with complete stacks', async () => {
  await using built = await buildProgram(program, { banner: { js: 'delete Error.captureStackTrace;' } });
  const [later, named] = await linesOf(built.path);
  expect([later, named]).toEqual([
    expect.stringContaining('it was released at later ('),
    expect.stringContaining('it was released at named ('),
  ]);
});

it('references can be kept and released in a runtime without Symbol.dispose', async () => {
  // No present engine can remove the symbol; the built library is patched as if it were absent.
  await using built = await buildProgram(program, {
    define: { 'Symbol.dispose': 'undefined', 'Symbol.asyncDispose': 'undefined' },
  });
  const [later, named, ended, type] = await linesOf(built.path);
  expect([later, named]).toEqual([
    expect.stringContaining('it was released at later ('),
    expect.stringContaining('it was released at named ('),
  ]);
  expect(ended).toContain('was not kept');
  expect(type).toBe('undefined');
});
