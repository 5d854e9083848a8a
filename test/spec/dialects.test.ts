import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { transform } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { compiles, dialects, expected, programBox } from './dialects.js';
import { root } from './package.js';

const box = programBox();

// Further targets and settings are in dialects.slow.test.ts.
describe('TypeScript 6', () => {
  compiles(box, 'TypeScript 6', [
    ['standard', 'ES2022', true],
    ['legacy with metadata', 'ES2022', false],
  ]);
});
describe('TypeScript 7', () => {
  compiles(box, 'TypeScript 7', [
    ['standard', 'ES2022', true],
    ['legacy', 'ES2022', true],
    ['legacy with metadata', 'ES2022', true],
  ]);
});

describe('esbuild', () => {
  it.each([
    ['standard', false, true],
    ['standard', false, false],
    ['legacy', true, true],
    ['legacy', true, false],
  ])('compiles it: %s', async (dialect, experimentalDecorators, useDefineForClassFields) => {
    const { code } = await transform(await readFile(join(box.folder, 'program.ts'), 'utf8'), {
      loader: 'ts',
      target: 'es2022',
      tsconfigRaw: { compilerOptions: { experimentalDecorators, useDefineForClassFields } },
    });
    const file = join(box.folder, `esbuild-${dialect}-${useDefineForClassFields}.js`);
    await writeFile(file, code);
    expect(await box.output(file)).toEqual(expected);
  });
});

describe('tsx', () => {
  it.each(Object.entries(dialects))('runs it: %s', async (_dialect, tsconfig) => {
    // tsx compiles with esbuild, which never emits metadata.
    const tsx = join(root, 'node_modules/tsx/dist/cli.mjs');
    expect(await box.output(tsx, '--tsconfig', tsconfig, 'program.ts')).toEqual(expected);
  });
});

describe('node', () => {
  it('runs a spec without decorators and without types', async () => {
    await copyFile(join(root, 'test/legacy/plain.js'), join(box.folder, 'plain.js'));
    expect(await box.output('plain.js')).toEqual({
      sum: 3,
      heard: ['hello ann'],
      checked: 'UsageError: a name, please',
      wrong: 'Chat.leave is not a method of its own',
    });
  });
});
