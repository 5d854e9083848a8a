import { describe, expect, it } from 'vitest';
import { processAdvice, workerAdvice } from '../../transports/shared/typescript-advice.js';

const failure = (text: string, code?: string, of: ErrorConstructor = Error): Error =>
  Object.assign(new of(text), code !== undefined && { code });

describe('a worker that fails', () => {
  it.each([
    ['Node 20', './a.ts', failure('Unknown file extension ".ts" for /a.ts', 'ERR_UNKNOWN_FILE_EXTENSION', TypeError)],
    [
      'Node 20, by an import',
      './a.js',
      failure('Unknown file extension ".mts" for /b.mts', 'ERR_UNKNOWN_FILE_EXTENSION'),
    ],
    [
      'an enum',
      './a.ts',
      failure('TypeScript enum is not supported', 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX', SyntaxError),
    ],
    ['the .js of a .ts', './a.ts', failure("Cannot find module '/b.js' imported from /a.ts", 'ERR_MODULE_NOT_FOUND')],
    ['a decorator', 'file:///a.ts?x', failure('Invalid or unexpected token', undefined, SyntaxError)],
  ])('because of its TypeScript gets a hint: %s', (_what, file, error) => {
    expect(workerAdvice(file, error)).toContain('use a .js file that registers tsx');
  });

  it.each([
    ['a mistake in it', './a.ts', failure('x is not defined')],
    ['JavaScript that is wrong', './a.js', failure('Unexpected token', undefined, SyntaxError)],
    ['another extension', './a.txt', failure('Unknown file extension ".txt"', 'ERR_UNKNOWN_FILE_EXTENSION')],
    ['no such file', './a.ts', failure("Cannot find module '/a.ts'", 'MODULE_NOT_FOUND')],
    ['a package', './a.ts', failure("Cannot find package 'x' imported from /a.ts", 'ERR_MODULE_NOT_FOUND')],
    ['a value that is not an error', './a.ts', 'oops'],
  ])('for another reason gets none: %s', (_what, file, error) => {
    expect(workerAdvice(file, error)).toBeUndefined();
  });
});

it('only a .ts script that node runs without options gets a hint', () => {
  expect(processAdvice('node', ['a.ts'])).toContain('process:node --import tsx a.ts');
  expect(processAdvice('C:\\node\\node.exe', ['a.mts', 'b'])).toContain('a.mts');
  for (const [command, ...args] of [
    ['node', '--import', 'tsx', 'a.ts'],
    ['node', 'a.js'],
    ['node'],
    ['tsx', 'a.ts'],
    ['bun', 'a.ts'],
  ] as const)
    expect(processAdvice(command, args)).toBeUndefined();
});
