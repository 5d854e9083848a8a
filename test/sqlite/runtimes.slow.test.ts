import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { installRuntime, runtimeNames } from '../package/runtimes.js';

const folder = mkdtempSync(join(tmpdir(), 'obverse-runtimes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const program = fileURLToPath(new URL('./runtime-program.ts', import.meta.url));

describe('a queue in a file of SQLite', () => {
  for (const name of runtimeNames) {
    const runtime = installRuntime(name, process.env.RUNTIMES ?? folder);
    if (typeof runtime === 'string') {
      it.skip(`works in ${name} (it cannot be installed: ${runtime})`, () => {});
      continue;
    }
    const loader = name.startsWith('Node') ? ['--import', 'tsx'] : name === 'Deno' ? ['--unstable-sloppy-imports'] : [];
    it(`works in ${name}`, () => {
      const file = join(folder, `${name.replaceAll(/\W/g, '')}.db`);
      const { stdout, stderr } = spawnSync(runtime.program, [...runtime.args, ...loader, program, file], {
        encoding: 'utf8',
        timeout: 50_000,
      });
      expect(stdout, stderr).not.toBe('');
      expect(JSON.parse(stdout)).toEqual({
        // The package libsql and bun:sqlite call it Database, node:sqlite DatabaseSync.
        by: name === 'Node 20.19' || name === 'Bun' ? 'Database' : 'DatabaseSync',
        answers: ['0 one tea', '1 RpcError: no luck', '2 one milk'],
        stats: { waiting: 0, taken: 0, dead: 1, oldest: 0 },
      });
    });
  }
});
