import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

it('npm start shows each transport with each codec, and exits with success', { timeout: 300_000 }, async () => {
  const tour = spawn(process.execPath, ['--import', 'tsx', 'examples/tour/main.ts'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let shown = '';
  tour.stdout.on('data', (chunk) => {
    shown += chunk;
  });
  const [code] = await once(tour, 'close');
  expect(shown).toContain(
    'ann gives back what is not hers                      → RemoteError: the umbrella is not yours',
  );
  const rows = shown.split('\n').filter((line) => /yes +yes +to \d/.test(line));
  const schemes = ['tcp:', 'ws:', 'unix:', 'udp:', 'process:', 'worker:', 'memory:'];
  expect(new Set(rows.map((row) => row.split(' ')[0]))).toEqual(new Set(schemes));
  expect(rows.length).toBe(schemes.length * 3 + 2);
  expect(code).toBe(0);
});
