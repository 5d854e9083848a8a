import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const script = (name: string): string => fileURLToPath(new URL(`../../bench/survive/${name}.ts`, import.meta.url));
function run(name: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', script(name), ...args], {
    encoding: 'utf8',
  });
  return { status, text: stdout + stderr };
}

it('100 cuts with jrpc and msgpack, over tcp and ws, break nothing', { timeout: 900_000 }, () => {
  expect(run('main', '100')).toMatchObject({
    status: 0,
    text: expect.stringContaining('nothing is broken'),
  });
});

it('two minutes of cuts let no memory grow', { timeout: 400_000 }, () => {
  expect(run('soak', '2')).toMatchObject({
    status: 0,
    text: expect.stringContaining('nothing is broken'),
  });
});
