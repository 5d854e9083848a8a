import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { remove, scratch } from '../package/packed.js';
import { installRuntime } from '../package/runtimes.js';
import { compileProgram } from '../support/compile-program.js';
import { until } from '../support/core-waiting.js';
import { Talk } from './given/spec.js';

/* Sockets that a server of Deno and one of Bun has accepted, and clients of this Node. */

const runtimes = process.env.RUNTIMES ?? (await scratch());
const folder = fileURLToPath(new URL('given/.compiled', import.meta.url));
let program: string;
beforeAll(async () => {
  program = await compileProgram(
    fileURLToPath(new URL('given/server.ts', import.meta.url)),
    join(folder, `server-${process.pid}.mjs`),
  );
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  if (process.env.RUNTIMES === undefined) await remove(runtimes);
});

describe.each(['Deno', 'Bun'] as const)('a server of %s', (name) => {
  const runtime = installRuntime(name, runtimes);
  if (typeof runtime === 'string') {
    console.warn(`skipped: ${name} cannot be installed: ${runtime}`);
    it.skip(`serves over its sockets (${name} cannot be installed)`, () => {});
    return;
  }

  it.each(['jrpc', 'msgpack'])(
    'serves over its sockets: %s',
    async (codec) => {
      const child = spawn(runtime.program, [...runtime.args, program, codec], { stdio: ['pipe', 'pipe', 'inherit'] });
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
      try {
        await until(() => output.includes('\n') || child.exitCode !== null);
        const url = `ws://127.0.0.1:${Number.parseInt(output, 10)}/room?of=ann`;
        const told: number[] = [];
        const clients = [await Talk.invert().connect(url, { codec }), await Talk.invert().connect(url, { codec })];
        for (const client of clients) client.told.connect((_sender, { n }) => void told.push(n));
        expect(await clients[0]!.remote.path()).toBe('/room?of=ann');
        const answers = await Promise.all(Array.from({ length: 1_000 }, (_, n) => clients[n % 2]!.remote.twice({ n })));
        expect(answers).toEqual(Array.from({ length: 1_000 }, (_, n) => n * 2));
        expect(await clients[1]!.remote.size({ text: '.'.repeat(900_000) })).toBe(900_000);
        await until(() => told.length === 2_000);
        for (const client of clients) await client.close();
        await until(() => output.split('gone').length === 3);
        child.stdin.end();
        await until(() => child.exitCode !== null);
        expect(output).toMatch(/closed\n$/);
      } finally {
        child.kill('SIGKILL');
      }
    },
    60_000,
  );
});
