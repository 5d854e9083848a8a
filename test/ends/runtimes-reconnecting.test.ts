import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type ChaosCut, chaosProxy } from '../../src/testing/chaos-proxy.js';
import { type Rung, ring, serveRing } from '../support/runtime-reconnecting.js';

/*
 * Sessions that outlive their links between this Node and Bun or Deno, if these are installed: on the PATH, or where the environment
 * variables BUN and DENO point.
 */

const program = fileURLToPath(new URL('../support/runtime-reconnecting-program.ts', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
const runtimes = {
  bun: { command: process.env.BUN ?? 'bun', args: [program] },
  deno: {
    command: process.env.DENO ?? 'deno',
    args: ['run', '--allow-all', '--unstable-sloppy-imports', '--node-modules-dir=manual', program],
  },
};

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** After these calls the link is cut. */
const CUTS = new Map<number, ChaosCut>([
  [10, 'rst'],
  [25, 'fin'],
  [40, 'rst'],
  [60, 'silence'],
  [80, 'fin'],
]);

const whole = { sum: 10_100, items: 2_000, told: 100, resumed: CUTS.size, events: [] };

describe.each(Object.entries(runtimes))('the sessions of %s', (name, { command, args }) => {
  const absent = spawnSync(command, ['--version']).error !== undefined;
  if (absent) console.warn(`skipped: there is no ${name} on the PATH, nor in ${name.toUpperCase()}`);
  const ways = [
    ['tcp://127.0.0.1:0', 'jrpc'],
    ['tcp://127.0.0.1:0', 'msgpack'],
    ['ws://127.0.0.1:0', 'jrpc'],
    ['ws://127.0.0.1:0', 'msgpack'],
  ];

  it.skipIf(absent).each(ways)('go on, of a client over %s with %s', { timeout: 90_000 }, async (address, codec) => {
    const cut = (n: number): void => {
      const how = CUTS.get(n);
      if (how !== undefined) proxy.cut(how);
    };
    const { ring: server, ran } = await serveRing(address, { codec }, cut);
    await using proxy = await chaosProxy({ to: server.address });
    const rung = await new Promise<Rung>((resolve, reject) => {
      execFile(command, [...args, 'dial', proxy.url, codec], { cwd: root, timeout: 60_000 }, (error, out, err) =>
        error === null ? resolve(JSON.parse(out) as Rung) : reject(new Error(`${error.message}: ${out}${err}`)),
      );
    });
    expect(rung).toEqual(whole);
    expect([...ran.values()].every((times) => times === 1)).toBe(true);
    await server.close();
  });

  it.skipIf(absent).each(ways)('go on, of a server at %s with %s', { timeout: 90_000 }, async (address, codec) => {
    const child = spawn(command, [...args, 'serve', address, codec], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const [text] = (await once(child.stdout, 'data')) as [Buffer];
    await using proxy = await chaosProxy({ to: String(text).trim() });
    let bytes = 0;
    let cuts = 0;
    const hows = [...CUTS.values()];
    // It cuts as what is said grows.
    const cutting = setInterval(() => {
      const { upstream } = proxy.stats().bytes;
      const how = hows[cuts];
      if (how === undefined || upstream < bytes + 1_500) return;
      bytes = upstream;
      cuts++;
      proxy.cut(how);
    }, 5);
    const rung = await ring(proxy.url, { codec });
    clearInterval(cutting);
    // A link may be cut before the session goes on over it.
    expect(rung).toEqual({ ...whole, resumed: expect.any(Number) });
    expect(rung.resumed).toBeGreaterThan(0);
  });
});
