import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/* The package zeromq makes Bun and Deno crash or hang. They are looked for on the PATH, and where the variables BUN and DENO point. */

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = fileURLToPath(new URL('../support/runtime-program.ts', import.meta.url));
const runtimes = {
  Bun: { command: process.env.BUN ?? 'bun', args: [program] },
  Deno: {
    command: process.env.DENO ?? 'deno',
    args: ['run', '--allow-all', '--unstable-sloppy-imports', '--node-modules-dir=manual', program],
  },
};

describe.each(Object.entries(runtimes))('in %s', (name, { command, args }) => {
  const absent = spawnSync(command, ['--version']).error !== undefined;
  if (absent) process.stderr.write(`skipped: there is no ${name} on the PATH, nor in ${name.toUpperCase()}\n`);

  it.skipIf(absent).each(['tcp://127.0.0.1:9', 'ipc:///tmp/nobody', 'inproc://nobody'])(
    `zmq+%s is refused${absent ? ` (n/a: no ${name} here)` : ''}`,
    async (place) => {
      const output = await new Promise<string>((resolve) => {
        const target = JSON.stringify({ url: `zmq+${place}` });
        execFile(command, [...args, target], { cwd: root, timeout: 30_000 }, (_error, out, err) => resolve(out || err));
      });
      expect(output).toBe(
        `refused: zmq: the package zeromq works on Node only, and this is ${name}; use nats: or tcp:, or run this side on Node\n`,
      );
    },
    90_000,
  );
});
