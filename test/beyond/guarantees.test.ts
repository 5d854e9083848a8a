import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { ConnectionLost, RpcError } from '../../src/index.js';
import { root } from '../docs/pages.js';
import { until } from '../support/core-waiting.js';
import { Chat, serveChat } from './chat.js';
import { type BeyondEngine, engines } from './engines.js';
import { cells, documented } from './guarantees.js';
import { Program } from './programs.js';

/*
 * The table of docs/beyond-one-machine.md: each of its cells is a test here, or names one elsewhere.
 */

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

async function serve(address: string) {
  const server = await Chat.serve(address, { logger: null });
  open.push(server);
  return { server, seen: serveChat(server) };
}

async function connect(address: string, options: Parameters<typeof Chat.connect>[1] = {}) {
  const client = await Chat.invert().connect(address, { logger: null, timeout: 10_000, ...options });
  open.push(client);
  return client;
}

async function start(role: 'serve' | 'wait', address: string): Promise<Program> {
  const program = await Program.start(role, address);
  open.push(program);
  return program;
}

/** Calls until somebody serves: a call that nobody serves at the moment was not carried out. */
async function onceServed<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof ConnectionLost) || error.maybeExecuted) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

/** Tests of this file, by guarantee. */
const tests: Readonly<Record<string, (engine: BeyondEngine) => Promise<void>>> = {
  order: async (engine) => {
    const { serve: address, connect: to } = await engine.address();
    const { server, seen } = await serve(address);
    const client = await connect(to ?? server.address);
    const lines = Array.from({ length: 1_000 }, (_, n) => String(n));
    for (const text of lines) client.remote.say({ text });
    await until(() => seen.lines.length === lines.length);
    if (engine.unordered === true) expect(seen.lines.sort((a, b) => Number(a) - Number(b))).toEqual(lines);
    else expect(seen.lines).toEqual(lines);
  },

  'nobody serves': async (engine) => {
    const { serve: address, connect: to = address } = await engine.address();
    const asked = (async () => (await connect(to.replace(':0', ':1'))).remote.join({ name: 'ann' }))();
    await expect(asked).rejects.toThrow(ConnectionLost);
  },

  'the server is killed': async (engine) => {
    const { serve: address, connect: to } = await engine.address();
    const server = await start('serve', address);
    const client = await connect(to ?? server.address);
    expect(await client.remote.join({ name: 'ann' })).toContain('ann');
    const waits = client.remote.wait();
    waits.catch(() => {});
    await server.writes('begun');
    await server.kill();
    await expect(waits).rejects.toThrow(ConnectionLost);
    await expect(waits).rejects.toMatchObject({ maybeExecuted: true });
  },

  'the caller is killed': async (engine) => {
    const { serve: address, connect: to } = await engine.address();
    const { server, seen } = await serve(address);
    const caller = await start('wait', to ?? server.address);
    await until(() => seen.waiting.length === 1);
    await caller.kill();
    await until(() => seen.waiting.length === 2);
    expect(seen.waiting).toEqual(['begun', 'cancelled']);
  },

  delivery: async (engine) => {
    // A call whose server is killed is not carried out by another one.
    const { serve: address, connect: to } = await engine.address();
    const first = await start('serve', address);
    const at = to ?? first.address;
    const client = await connect(at, {
      timeout: 5_000,
      ...(engine.redials === true && { reconnect: { delay: [1, 50] } }),
    });
    const waits = client.remote.wait();
    waits.catch(() => {});
    await first.writes('begun');
    await first.kill();
    const { seen } = await serve(to === undefined ? at : address);
    // Whether it was carried out is not known.
    await expect(waits).rejects.toThrow(RpcError);
    await until(() => [...client.peers.values()].every(({ isAway }) => !isAway));
    expect(await onceServed(() => client.remote.join({ name: 'ann' }))).toContain('ann');
    expect(seen.waiting).toEqual([]);
  },
};

describe('the table of docs/beyond-one-machine.md', () => {
  it('has the rows, the columns and the cells that are tested', () => {
    expect(documented()).toEqual(cells(engines));
  });

  it.each(
    Object.entries(engines).flatMap(([name, { guarantees, proofs = {} }]) =>
      Object.entries(guarantees).map(([guarantee, cell]) => [name, guarantee, cell, proofs[guarantee]] as const),
    ),
  )('%s, %s: %s', (_engine, guarantee, cell, proof) => {
    // Each cell is a test: of this file, or one that is named.
    if (cell === '–') expect(proof).toBeUndefined();
    else if (proof === undefined) expect(Object.keys(tests)).toContain(guarantee);
    else expect(readFileSync(join(root, proof.file), 'utf8')).toContain(proof.title);
  });
});

describe.each(Object.entries(engines))('over %s', (_name, engine) => {
  const why = engine.program?.why ?? '';
  afterAll(() => engine.close?.());
  for (const [guarantee, run] of Object.entries(tests)) {
    if (engine.proofs?.[guarantee] !== undefined || engine.guarantees[guarantee] === '–') continue;
    it.skipIf(engine.program?.absent)(`${guarantee}: ${engine.guarantees[guarantee]}${why}`, () => run(engine));
  }
});
