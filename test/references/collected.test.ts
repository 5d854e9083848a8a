import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { buildProgram } from './built.js';

it('a reference without a holder is released, but not while a call of it is open', {
  timeout: 60_000,
}, async () => {
  await using program = await buildProgram('collected-program');
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', program.path]);
  expect(JSON.parse(stdout)).toEqual({
    result: true,
    held: [1, 1],
    answered: 'answered',
    afterCall: true,
    method: 'pear',
    afterMethod: true,
    kept: true,
    holding: 1,
    afterKept: true,
    function: true,
  });
});
