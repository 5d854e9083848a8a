import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { transform } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compilers, root, run, type Sandbox, sandbox } from './package.js';

/*
 * The same program in both dialects, by everything that compiles it here. What it prints is one object.
 */
const expected = {
  ping: 'pong',
  whoami: 'string',
  pick: { abc: 3 },
  rooms: [3, -3],
  visits: [
    [1, 1],
    [0, 0],
  ],
  add: [3, 101],
  join: 'a+b+c',
  twice: 42,
  tooLong: 'RangeError: at most 10 letters',
  notes: ['a note', 'short', 'told'],
  said: 1,
  plain: [{ path: 'ask', method: 'ask', direction: 'incoming', kind: 'request' }],
  primitive: '',
  table: [
    'ping! incoming request',
    'whoami incoming request',
    'told outgoing notification',
    'note incoming notification',
    'add outgoing request',
    'join outgoing request',
    'pick incoming request',
    'say outgoing notification',
    'twice outgoing request',
    'hall.enter incoming request',
    'hall.left outgoing notification',
    'roof.enter incoming request',
    'roof.left outgoing notification',
  ],
};
/** What only `emitDecoratorMetadata` shows. */
const withMetadata = {
  ...expected,
  primitive:
    'Primitive.text: an argument that is no object needs params: [names], to be sent by name, or allowPositionalArgs: true, to be sent by position',
};

const dialects = {
  standard: 'tsconfig.standard.json',
  legacy: 'tsconfig.json',
  'legacy with metadata': 'tsconfig.metadata.json',
} as const;

let box: Sandbox;
beforeAll(async () => {
  box = await sandbox();
  for (const file of ['program.ts', ...Object.values(dialects)]) {
    await copyFile(join(root, 'test/legacy', file), join(box.folder, file));
  }
}, 60_000);
afterAll(() => box[Symbol.asyncDispose]());

async function output(file: string, ...args: string[]): Promise<unknown> {
  const { code, stdout, stderr } = await run(file, args, box.folder);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

describe.each(Object.entries(compilers))('%s', (name, compiler) => {
  it.each([
    ['standard', 'ES2022', true],
    ['standard', 'ES2022', false],
    ['legacy', 'ES2022', true],
    ['legacy', 'ES2022', false],
    ['legacy with metadata', 'ES2022', true],
    ['standard', 'ES2021', false],
  ] as const)(
    'compiles it: %s, %s, useDefineForClassFields %s',
    { timeout: 60_000 },
    async (dialect, target, define) => {
      const out = join(box.folder, `out-${name}-${dialect}-${target}-${define}`.replaceAll(' ', '-'));
      const options = [
        '--outDir',
        out,
        '--target',
        target,
        '--useDefineForClassFields',
        String(define),
        '--pretty',
        'false',
      ];
      // The types are checked once for each dialect.
      if (!define) options.push('--noCheck');
      const compiled = await run(compiler, ['-p', dialects[dialect], ...options], box.folder);
      expect(compiled).toEqual({ code: 0, stdout: '', stderr: '' });
      expect(await output(join(out, 'program.js'))).toEqual(
        dialect === 'legacy with metadata' ? withMetadata : expected,
      );
    },
  );
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
    expect(await output(file)).toEqual(expected);
  });
});

describe('tsx', () => {
  it.each(Object.entries(dialects))('runs it: %s', async (_dialect, tsconfig) => {
    // tsx compiles by esbuild, which never emits metadata.
    const tsx = join(root, 'node_modules/tsx/dist/cli.mjs');
    expect(await output(tsx, '--tsconfig', tsconfig, 'program.ts')).toEqual(expected);
  });
});

describe('node', () => {
  it('runs a spec without decorators and without types', async () => {
    await copyFile(join(root, 'test/legacy/plain.js'), join(box.folder, 'plain.js'));
    expect(await output('plain.js')).toEqual({
      sum: 3,
      heard: ['hello ann'],
      checked: 'UsageError: a name, please',
      wrong: 'Chat.leave is not a method of its own',
    });
  });
});
