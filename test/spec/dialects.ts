import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compilers, root, run, type Sandbox, sandbox } from './package.js';

/*
 * The same program in both dialects, with every compiler that is installed here. It prints one object.
 */
export const expected = {
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
export const withMetadata = {
  ...expected,
  primitive:
    'Primitive.text: an argument that is not an object needs params: [names], to be sent by name, or allowPositionalArgs: true, to be sent by position',
};

export const dialects = {
  standard: 'tsconfig.standard.json',
  legacy: 'tsconfig.json',
  'legacy with metadata': 'tsconfig.metadata.json',
} as const;

/** A folder with the program, for the tests of a file. */
export function programBox(): { readonly folder: string; output(file: string, ...args: string[]): Promise<unknown> } {
  let box: Sandbox;
  beforeAll(async () => {
    box = await sandbox();
    for (const file of ['program.ts', ...Object.values(dialects)]) {
      await copyFile(join(root, 'test/legacy', file), join(box.folder, file));
    }
  }, 60_000);
  afterAll(() => box[Symbol.asyncDispose]());
  return {
    get folder() {
      return box.folder;
    },
    /** Runs a program and returns its output. */
    async output(file, ...args) {
      const { code, stdout, stderr } = await run(file, args, box.folder);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return JSON.parse(stdout);
    },
  };
}

/** A dialect, a target, and `useDefineForClassFields`. */
export type Way = readonly [dialect: keyof typeof dialects, target: string, define: boolean];

/** Tests that a compiler makes the same program with each combination. */
export function compiles(box: ReturnType<typeof programBox>, name: keyof typeof compilers, ways: readonly Way[]): void {
  it.each(ways)('compiles it: %s, %s, useDefineForClassFields %s', { timeout: 60_000 }, async (...way) => {
    const [dialect, target, define] = way;
    const out = join(box.folder, `out-${name}-${way.join('-')}`.replaceAll(' ', '-'));
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
    const compiled = await run(compilers[name], ['-p', dialects[dialect], ...options], box.folder);
    expect(compiled).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await box.output(join(out, 'program.js'))).toEqual(
      dialect === 'legacy with metadata' ? withMetadata : expected,
    );
  });
}
