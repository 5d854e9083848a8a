import { AsyncLocalStorage } from 'node:async_hooks';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { MessageChannel } from 'node:worker_threads';
import { incoming, RemoteAPI, type Reply, type Sender, type Side, type TransportSource } from 'obverse';
import { mux } from 'obverse/transports/mux';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { currentCall } from '../../src/calls/call-context.js';
import type { Inverted } from '../../src/types/derived.js';
import { compileProgram } from '../support/compile-program.js';
import { until } from '../support/core-waiting.js';
import { behave, Upstream } from './leaking-spec.js';

/*
 * Messages from a link belong to no call, even if a handler has opened the link: they have neither the deadline of that
 * handler's call nor what the application keeps for it in an AsyncLocalStorage.
 */
class Front extends RemoteAPI {
  @incoming({ hasReply: true }) first(_sender: Sender): Reply<void> {}
}

const store = new AsyncLocalStorage<string>();
const seen = new Set<string>();
function note(where: string): void {
  if (currentCall() !== undefined) seen.add(`${where}: under the deadline of a call`);
  if (store.getStore() !== undefined) seen.add(`${where}: with the store of a request`);
}

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  seen.clear();
});

/** Runs a job in a handler whose time limit expires meanwhile, and resolves when it has expired. */
async function withinDeadCall<T>(job: () => Promise<T>): Promise<T> {
  const front = await Front.serve(`memory:front-${Math.random()}`, { logger: null });
  let given: Promise<T> | undefined;
  front.first.connect(() => {
    given = store.run('a request', job);
    return new Promise<void>(() => {});
  });
  const client = await Front.invert().connect(front.address);
  await expect(client.with({ timeout: 50 }).first(null)).rejects.toThrow();
  await client.close();
  await front.close();
  return given as Promise<T>;
}

async function serve(transport: TransportSource): Promise<Side<Upstream>> {
  const side = Upstream.create({ transport, logger: null });
  behave(side, note);
  await side.open();
  ends.push(() => side.close());
  return side;
}

async function dial(transport: TransportSource): Promise<Side<Inverted<Upstream>>> {
  const side = Upstream.invert().create({ transport, logger: null });
  side.on('connect', () => note('connect at the side that dials'));
  side.on('disconnect', () => note('disconnect at the side that dials'));
  side.ask.connect((_sender, { n }) => {
    note('a handler of the side that dials');
    return n;
  });
  await side.open();
  ends.push(() => side.close());
  return side;
}

/** Whatever might carry over something of the handler's call: calls in both directions, a stream, a signal and a timeout. */
async function talk(side: Side<Inverted<Upstream>>): Promise<void> {
  await until(() => side.peers.size > 0);
  for (let n = 0; n < 3; n++) expect(await side.remote.echo({ n })).toBe(n);
  let sum = 0;
  for await (const n of side.remote.count()) sum += n;
  expect(sum).toBe((400 * 399) / 2);
}

const scratch = fileURLToPath(new URL(`.compiled/leaking-${process.pid}`, import.meta.url));
const far = fileURLToPath(new URL('leaking-far.ts', import.meta.url));
afterAll(() => rm(scratch, { recursive: true, force: true }));

const ways: Record<string, () => { serve?: TransportSource; dial: (address: string) => TransportSource }> = {
  tcp: () => ({ serve: 'tcp-server://127.0.0.1:0', dial: (address) => address }),
  ws: () => ({ serve: 'ws-server://127.0.0.1:0', dial: (address) => address }),
  unix: () => ({ serve: `unix-server:${tmpdir()}/obverse-leaking-${process.pid}.sock`, dial: (address) => address }),
  udp: () => ({ serve: 'udp-server://127.0.0.1:0', dial: (address) => address }),
  memory: () => ({ serve: 'memory-server:leaking', dial: (address) => address }),
  mux: () => ({ serve: ['tcp-server://127.0.0.1:0'], dial: (address) => address.replace(/^mux:\((.*)\)$/, '$1') }),
};

describe.each(Object.keys(ways))('over %s', (name) => {
  it('a link that a handler has opened has nothing of the context of its call', async () => {
    const way = ways[name]!();
    const server = await serve(way.serve!);
    const client = await withinDeadCall(() => dial(way.dial(server.address)));
    await talk(client);
    await server.close();
    await client.close();
    expect([...seen]).toEqual([]);
  });

  it('a side on which a handler has started to serve has nothing of the context of its call', async () => {
    const way = ways[name]!();
    const server = await withinDeadCall(() => serve(way.serve!));
    const client = await dial(way.dial(server.address));
    await talk(client);
    await client.close();
    await until(() => name === 'udp' || server.peers.size === 0);
    expect([...seen]).toEqual([]);
  });
});

it('a process that a handler has started has nothing of the context of its call', async () => {
  const args = ['--import', 'tsx', far, 'stdio:'];
  const client = await withinDeadCall(() => dial({ url: 'process:', command: process.execPath, args, grace: 500 }));
  await talk(client);
  await client.close();
  expect([...seen]).toEqual([]);
}, 20_000);

it('a worker that a handler has started has nothing of the context of its call', async () => {
  const program = await compileProgram(far, `${scratch}/far.mjs`);
  const client = await withinDeadCall(() => dial({ url: `worker:${program}`, argv: ['port:parent'] }));
  await talk(client);
  await client.close();
  expect([...seen]).toEqual([]);
}, 20_000);

it('ports and servers that a handler has created have nothing of the context of its call', async () => {
  const [server, client] = await withinDeadCall(async () => {
    const { port1, port2 } = new MessageChannel();
    return Promise.all([serve({ url: 'port:', port: port1 }), dial({ url: 'port:', port: port2 })]);
  });
  await talk(client);
  await client.close();
  await server.close();
  const [http, behind] = await withinDeadCall(async () => {
    const made = createServer();
    await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
    ends.push(() => made.close());
    return [made, await serve({ url: 'ws-server:/rpc', server: made } as never)] as const;
  });
  const { port } = http.address() as { port: number };
  const visitor = await dial(`ws://127.0.0.1:${port}/rpc`);
  await talk(visitor);
  await visitor.close();
  await until(() => behind.peers.size === 0);
  expect([...seen]).toEqual([]);
});

it('a transport that a handler has set, or added to a mux, has nothing of the context of its call', async () => {
  const server = await serve('tcp-server://127.0.0.1:0');
  const client = await dial(server.address);
  await withinDeadCall(() => client.changeTransport(server.address));
  await talk(client);
  const doors = mux('memory-server:leaking-doors');
  const many = await serve(doors);
  const part = await withinDeadCall(() => doors.add('tcp-server://127.0.0.1:0'));
  const visitor = await dial(part.address);
  await talk(visitor);
  await visitor.close();
  await until(() => many.peers.size === 0);
  expect([...seen]).toEqual([]);
});

it('messages between two sides in one process do not carry the context of the request', async () => {
  const server = await serve('memory-server:leaking-callers');
  const client = await dial(server.address);
  await store.run('a request', () => talk(client));
  expect([...seen]).toEqual([]);
});

it('a timeout within a call is reported outside the context of that call and of others', async () => {
  const server = await Upstream.serve('tcp://127.0.0.1:0', { logger: null });
  ends.push(() => server.close());
  const client = await dial(server.address);
  const told = new Promise<void>((resolve) => {
    server.echo.connect((sender) => {
      sender.signal.addEventListener('abort', () => {
        note('an abort signal');
        resolve();
      });
      return new Promise<number>(() => {});
    });
  });
  const call = store.run('a request', () => client.with({ timeout: 60 }).echo(null, { n: 1 }));
  await expect(call).rejects.toThrow();
  await told;
  expect([...seen]).toEqual([]);
});
