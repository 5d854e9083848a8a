import { copyFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { schemaOf } from '../../src/extensions/validation/parameter-types.js';
import { compilers, root, run, type Sandbox, sandbox } from '../spec/package.js';

/*
 * The metadata that compilers emit under `emitDecoratorMetadata`: the program is compiled by both of them, and run.
 */
const checked = {
  text: [
    'reached with 1',
    'text: x: expected a string, got a number',
    // In JSON, undefined is null.
    'reached with 1',
    'reached with 0',
    'text: x: expected a string, got an object',
  ],
  number: ['reached with 1', 'number: x: expected a number, got a string', 'reached with 0'],
  flag: ['reached with 1', 'flag: x: expected a boolean, got a number', 'reached with 0'],
  big: ['reached with 1', 'big: x: expected a bigint, got a number'],
  list: ['reached with 1', 'list: x: expected an array, got an object'],
  date: ['reached with 1', 'date: x: expected a Date, got a string'],
  bytes: ['reached with 1', 'bytes: x: expected a Uint8Array, got an array'],
  money: ['reached with 1', 'money: x: expected a Money, got an object'],
  plain: ['reached with 1', 'plain: x: expected an object, got a string'],
  shape: ['reached with 1', 'reached with 1'],
  union: ['reached with 1', 'reached with 1'],
  anything: ['reached with 1', 'reached with 1'],
  rest: [
    'reached with 1',
    'reached with 3',
    'rest: 2: expected a string, got a number',
    'rest: 0: expected a number, got a string',
  ],
  object: ['reached with 1', 'reached with 1'],
};
const unchecked = Object.fromEntries(
  Object.entries(checked).map(([name, calls]) => [name, calls.map(() => expect.stringMatching(/^reached/) as string)]),
);

let box: Sandbox;
beforeAll(async () => {
  box = await sandbox();
  for (const file of ['parameters.ts', 'tsconfig.json', 'tsconfig.metadata.json', 'tsconfig.standard.json']) {
    await copyFile(join(root, 'test/legacy', file), join(box.folder, file));
  }
  await symlink(join(root, 'node_modules/msgpackr'), join(box.folder, 'node_modules/msgpackr'), 'junction');
}, 60_000);
afterAll(() => box[Symbol.asyncDispose]());

/** Compiles the program; returns the folder of the output. */
async function compiled(compiler: string, config: string): Promise<string> {
  const out = join(box.folder, `out-${config}`);
  const options = ['--outDir', out, '--pretty', 'false'];
  // The faster compiler checks the types of the program.
  if (compiler !== compilers['TypeScript 7']) options.push('--noCheck');
  expect(await run(compiler, ['-p', config, ...options], box.folder)).toEqual({ code: 0, stdout: '', stderr: '' });
  return out;
}

async function outcomes(out: string, codec: string): Promise<unknown> {
  const { code, stdout, stderr } = await run(join(out, 'parameters.js'), [codec], box.folder);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

describe.each(Object.entries(compilers))('%s', (_name, compiler) => {
  it('emits the types of parameters, which are checked', { timeout: 60_000 }, async () => {
    const out = await compiled(compiler, 'tsconfig.metadata.json');
    for (const codec of ['jrpc', 'msgpack']) expect(await outcomes(out, codec), codec).toEqual(checked);
  });

  it.each(['tsconfig.json', 'tsconfig.standard.json'])(
    'emits no types with %s',
    { timeout: 60_000 },
    async (config) => {
      expect(await outcomes(await compiled(compiler, config), 'jrpc')).toEqual(unchecked);
    },
  );
});

describe('the class of a parameter', () => {
  it('accepts bytes for a Buffer, which no codec delivers as such, and no bytes for other views', () => {
    const verdict = (type: unknown, value: unknown): unknown =>
      schemaOf(type, () => false)?.['~standard'].validate(value);
    expect(verdict(Buffer, new Uint8Array(2))).not.toHaveProperty('issues');
    expect(verdict(Float64Array, new Float64Array(2))).not.toHaveProperty('issues');
    expect(verdict(Float64Array, new Uint8Array(2))).toHaveProperty('issues');
  });

  it('is not checked for a value that may be of another class', () => {
    for (const type of [Object, Promise, undefined, null]) expect(schemaOf(type, () => false)).toBe(undefined);
  });

  it('accepts any object or function for a value that is passed by reference', () => {
    class Counter {}
    const { validate } = schemaOf(Counter, () => false)!['~standard'];
    for (const value of [{}, () => {}, undefined]) expect(validate(value)).toEqual({ value });
    expect(validate(5)).toEqual({ issues: [{ message: 'expected an object, got a number' }] });
  });
});
