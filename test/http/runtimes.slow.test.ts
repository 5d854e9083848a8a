import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { remove, scratch } from '../package/packed.js';
import { installRuntime, type Runtime, type RuntimeName, thisNode } from '../package/runtimes.js';
import { compileProgram } from '../support/compile-program.js';
import { until } from '../support/core-waiting.js';
import { Talk } from '../transports/given/spec.js';
import { CALLED, Shelf } from './served/spec.js';

/* Handlers that Bun, Deno and Workers serve, and clients in each runtime. */

const runtimes = process.env.RUNTIMES ?? (await scratch());
const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'test/http/served/.compiled', String(process.pid));
let program: string;
beforeAll(async () => {
  program = await compileProgram(join(root, 'test/http/served/server.ts'), join(folder, 'server.mjs'));
}, 60_000);
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  if (process.env.RUNTIMES === undefined) await remove(runtimes);
});

/** The runtime, or undefined: then a test says why it is skipped. */
function installed(name: RuntimeName): Runtime | undefined {
  const runtime = installRuntime(name, runtimes);
  if (typeof runtime !== 'string') return runtime;
  console.warn(`skipped: ${name} cannot be installed: ${runtime}`);
  it.skip(`${name} cannot be installed`, () => {});
  return undefined;
}

/** Runs a program until it ends; `output` is what it has printed so far. */
function run({ program: file, args }: Runtime, ...more: readonly string[]) {
  const child = spawn(file, [...args, ...more], { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  return { child, output: () => output, errors: () => errors, ended: once(child, 'exit') };
}

async function kill(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill('SIGKILL');
  await ended;
}

const others = { Node: thisNode, Bun: installRuntime('Bun', runtimes), Deno: installRuntime('Deno', runtimes) };
const callers = Object.entries(others).filter((entry): entry is [string, Runtime] => typeof entry[1] !== 'string');

describe.each(['Bun', 'Deno'] as const)('a handler that %s serves', (name) => {
  const runtime = installed(name);
  if (runtime === undefined) return;

  it.each(callers)(
    'answers a client in %s: calls, progress, a stream, and an ended request',
    async (_name, caller) => {
      const { child, output, errors, ended } = run(runtime, program, 'serve');
      try {
        await until(() => output().includes('\n') || child.exitCode !== null);
        const call = run(caller, program, 'call', `http://127.0.0.1:${Number.parseInt(output(), 10)}/rpc`);
        await call.ended;
        expect(JSON.parse(call.output() || JSON.stringify(call.errors()))).toEqual(CALLED);
        child.stdin.end();
        await ended;
        expect(`${output()}${errors().includes('rror') ? errors() : ''}`).toMatch(/^\d+\nclosed\n$/);
      } finally {
        await kill(child, ended);
      }
    },
    60_000,
  );
});

describe('a Worker', () => {
  const runtime = installed('Workerd');
  if (runtime === undefined) return;

  const startWorker = async () => {
    await build({
      entryPoints: [join(root, 'test/http/served/worker.ts')],
      outfile: join(folder, 'worker.mjs'),
      bundle: true,
      format: 'esm',
      platform: 'browser',
      target: 'es2022',
      ignoreAnnotations: true,
      tsconfigRaw: '{}',
      alias: {
        'obverse/all': join(root, 'src/all.ts'),
        'obverse/transports/http': join(root, 'transports/http.browser.ts'),
        'obverse/transports/socket': join(root, 'transports/socket.ts'),
        obverse: join(root, 'src/browser.ts'),
      },
    });
    const config = join(folder, 'worker.capnp');
    await writeFile(
      config,
      `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);
const worker :Workerd.Worker = (
  modules = [(name = "worker.mjs", esModule = embed "worker.mjs")],
  compatibilityDate = "2025-09-01"
);
`,
    );
    const worker = run(runtime, '--control-fd=1', config);
    await until(() => worker.output().includes('"port"') || worker.child.exitCode !== null);
    return { ...worker, port: Number(/"port":\s*(\d+)/.exec(worker.output())?.[1]) };
  };

  it('answers over HTTP: calls, progress and a stream', async () => {
    const { child, errors, ended, port } = await startWorker();
    try {
      const shelf = await Shelf.invert().connect(`http://127.0.0.1:${port}/rpc`, { logger: null });
      const sums = await Promise.all(Array.from({ length: 200 }, (_, n) => shelf.remote.add({ a: n, b: 1 })));
      expect(sums).toEqual(Array.from({ length: 200 }, (_, n) => n + 1));
      const steps: unknown[] = [];
      expect(await shelf.to(null, { onProgress: (value) => steps.push(value) }).work({ steps: 3 })).toBe('3 steps');
      expect(steps).toEqual([1, 2, 3]);
      const numbers: number[] = [];
      for await (const n of shelf.remote.count({ to: 5 })) numbers.push(n);
      expect(numbers).toEqual([1, 2, 3, 4, 5]);
      await shelf.close();
      expect(errors()).toBe('');
    } finally {
      await kill(child, ended);
    }
  }, 60_000);

  it('talks over a WebSocketPair, in both directions', async () => {
    const { child, errors, ended, port } = await startWorker();
    try {
      const told: number[] = [];
      const client = await Talk.invert().connect(`ws://127.0.0.1:${port}/room`, { logger: null });
      client.told.connect((_sender, { n }) => void told.push(n));
      expect(await client.remote.path()).toBe('/room');
      const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => client.remote.twice({ n })));
      expect(answers).toEqual(Array.from({ length: 200 }, (_, n) => n * 2));
      expect(told).toEqual(Array.from({ length: 200 }, (_, n) => n));
      expect(await client.remote.size({ text: '.'.repeat(500_000) })).toBe(500_000);
      await client.close();
      expect(errors()).toBe('');
    } finally {
      await kill(child, ended);
    }
  }, 60_000);
});
