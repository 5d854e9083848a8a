import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { incoming, RemoteAPI, type Reply, type Sender } from '../../src/index.js';

/*
 * Clients in Bun and Deno, if these are installed: on the PATH, or where the environment variables BUN and DENO point.
 */

class Headers extends RemoteAPI {
  @incoming({ hasReply: true }) header(_sender: Sender, _args: { name: string }): Reply<string> {}
}

const program = fileURLToPath(new URL('../support/runtime-program.ts', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
const runtimes = {
  bun: { command: process.env.BUN ?? 'bun', args: [program] },
  deno: {
    command: process.env.DENO ?? 'deno',
    args: ['run', '--allow-all', '--unstable-sloppy-imports', '--node-modules-dir=manual', program],
  },
};

async function serving() {
  const server = await Headers.serve('ws://127.0.0.1:0/here', { logger: null });
  server.header.connect((sender, { name }) => {
    const { headers } = sender.peer.info as { headers: Record<string, string> };
    return headers[name] ?? 'none';
  });
  return server;
}

describe.each(Object.entries(runtimes))('a client in %s', (name, { command, args }) => {
  const absent = spawnSync(command, ['--version']).error !== undefined;
  if (absent) console.warn(`skipped: there is no ${name} on the PATH, nor in ${name.toUpperCase()}`);
  const run = (target: object): Promise<string> =>
    new Promise((resolve) => {
      execFile(command, [...args, JSON.stringify(target)], { cwd: root, timeout: 30_000 }, (_error, out, err) =>
        resolve(out === '' ? err : out),
      );
    });

  it.skipIf(absent)('connects with the package ws, and with headers', { timeout: 90_000 }, async () => {
    await using server = await serving();
    const url = server.address;
    expect(await run({ url, client: 'ws' })).toBe('answer: none\nclosed\n');
    expect(await run({ url, headers: { 'X-Test': 'yes' } })).toBe('answer: yes\nclosed\n');
    expect(await run({ url })).toBe('answer: none\nclosed\n');
  });

  it.skipIf(absent)('reports that nothing listens, and what to check', { timeout: 90_000 }, async () => {
    await using server = await serving();
    const url = server.address;
    const nowhere = 'ws://127.0.0.1:9/here';
    expect(await run({ url: nowhere })).toMatch(/^refused: cannot connect to ws:.*check/);
    expect(await run({ url: nowhere, client: 'ws' })).toMatch(/^refused: cannot connect to ws:.*check/);
    expect(await run({ url: `${url}/not` })).toMatch(/^refused: cannot connect to ws:.*check/);
    expect(await run({ url: `${url}/not`, client: 'ws' })).toMatch(/^refused: .*(check|404)/);
  });
});
