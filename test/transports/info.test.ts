import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MessageChannel, Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { outgoing, type Receivers, RemoteAPI, type Reply, type Side, type TransportSource } from '../../src/index.js';
import { certificate } from '../support/ws-certificate.js';

class Who extends RemoteAPI {
  @outgoing({ hasReply: true }) who(_to: Receivers): Reply<object> {}
}

const opened: Side<object>[] = [];
afterEach(async () => {
  for (const side of opened.splice(0).reverse()) await (side as Side<Who>).close();
});

async function serve(source: TransportSource): Promise<Side<Who>> {
  const side = await Who.invert().serve(source, { logger: null });
  opened.push(side as never);
  (side as unknown as { who: { connect(handler: () => object): void } }).who.connect(() => ({}));
  return side as never;
}
async function connect(source: TransportSource): Promise<Side<Who>> {
  const side = await Who.connect(source, { logger: null });
  opened.push(side as never);
  return side;
}
const infoOf = (side: Side<Who>) => [...side.peers.values()][0]?.info as Record<string, unknown>;

/** What both ends know of each other. */
async function meet(served: TransportSource, dialed: (address: string) => TransportSource) {
  const server = await serve(served);
  const client = await connect(dialed(server.address));
  await client.who(null);
  return { server, here: infoOf(server), there: infoOf(client) };
}
const port = (side: Side<Who>): number => Number(/:(\d+)/.exec(side.address.replace('://', ''))?.[1]);

/** Returns, from another process or thread, what it knows of this one. */
const folder = mkdtempSync(join(tmpdir(), 'obverse-info-'));
const program = join(folder, 'program.mjs');
beforeAll(async () => {
  await build({
    entryPoints: [fileURLToPath(new URL('fixtures/info-program.ts', import.meta.url))],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    ignoreAnnotations: true,
    external: ['ws'],
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('what a transport knows of a peer', () => {
  it('tcp: addresses and ports, which stay known after the end', async () => {
    const { server, here, there } = await meet('tcp://127.0.0.1:0', (address) => address);
    const at = { address: '127.0.0.1', port: port(server) };
    expect(there).toEqual({
      remoteAddress: at.address,
      remotePort: at.port,
      localAddress: '127.0.0.1',
      localPort: here.remotePort,
    });
    expect(here).toEqual({ ...there, remotePort: there.localPort, localPort: at.port });
    const [peer] = server.peers.values();
    await peer?.close();
    expect(peer?.info).toBe(here);
  });

  it('unix: the path', async () => {
    const path = join(folder, 'socket');
    const { here, there } = await meet(`unix:${path}`, (address) => address);
    expect([here, there]).toEqual([{ path }, { path }]);
  });

  it.each(['ws', 'native'] as const)('ws: the request, the subprotocol, addresses; dialed by %s', async (client) => {
    // Node 20 has no WebSocket.
    if (client === 'native' && (globalThis as { WebSocket?: unknown }).WebSocket === undefined) return;
    const dialed = (address: string) => ({
      url: `${address}?token=secret`,
      client,
      ...(client === 'ws' && { headers: { 'x-user': 'ann' } }),
    });
    const { server, here, there } = await meet('ws://127.0.0.1:0/path', dialed);
    expect(here).toMatchObject({
      url: '/path?token=secret',
      headers: { upgrade: 'websocket', ...(client === 'ws' && { 'x-user': 'ann' }) },
      protocol: 'obverse.jrpc',
      remoteAddress: '127.0.0.1',
      localPort: port(server),
    });
    // The query may be a secret.
    expect(there).toMatchObject({ url: server.address, protocol: 'obverse.jrpc' });
    if (client === 'ws') expect(there).toMatchObject({ remotePort: port(server), localPort: here.remotePort });
  });

  it('wss: what TLS has negotiated, and the certificates of both ends', async () => {
    const [own, visitor] = [certificate(), certificate()];
    const tls = { ...own, clientCertificate: 'request', verify: 'none' };
    const { here, there } = await meet({ url: 'wss://127.0.0.1:0', ...tls }, (url) => ({
      url,
      ...visitor,
      ca: own.cert,
    }));
    const certified = {
      protocol: 'TLSv1.3',
      cipher: expect.any(String),
      certificate: { subject: { CN: '127.0.0.1' } },
    };
    expect(there.tls).toMatchObject({ ...certified, authorized: true });
    // The client has no certificate.
    expect(here.tls).toMatchObject({ ...certified, authorized: false });
    expect(here).toMatchObject({ url: '/', remoteAddress: '127.0.0.1' });
  });

  it('process: the process id and the program; stdio: those of the parent', async () => {
    const client = await connect({ url: 'process:', command: process.execPath, args: [program, 'stdio'] });
    const [peer] = client.peers.values();
    expect(peer?.info).toEqual({ pid: Number(peer?.id.slice('process:'.length)), command: process.execPath });
    expect(await client.who(null)).toEqual({ ppid: process.pid });
  });

  it('worker: the thread id, and the file', async () => {
    const client = await connect(`worker:${program}`);
    expect(infoOf(client)).toEqual({ threadId: expect.any(Number), file: program });
    expect(infoOf(client).threadId).toBeGreaterThan(0);
    expect(await client.who(null)).toEqual({});
  });

  it('port: the thread id, if the port is a worker', async () => {
    const worker = new Worker(program);
    const client = await connect({ url: 'port:', port: worker });
    expect(infoOf(client)).toEqual({ threadId: worker.threadId });
    expect(await client.who(null)).toEqual({});
    await client.close();
    await worker.terminate();
    const { port1, port2 } = new MessageChannel();
    const { here, there } = await meet({ url: 'port:', port: port1 }, () => ({ url: 'port:', port: port2 }));
    expect([here, there]).toEqual([{}, {}]);
  });

  it('memory: its name', async () => {
    const { here, there } = await meet('memory:info', () => 'memory:info:ann');
    expect([here, there]).toEqual([{ name: 'ann' }, { name: 'info.1' }]);
  });

  it('udp: its address and port', async () => {
    const { server, here, there } = await meet('udp://127.0.0.1:0', (address) => address);
    expect(there).toEqual({ remoteAddress: '127.0.0.1', remotePort: port(server), localPort: here.remotePort });
    expect(here).toEqual({ remoteAddress: '127.0.0.1', remotePort: there.localPort, localPort: port(server) });
  });

  it('mux: what its part knows', async () => {
    const { here } = await meet(['memory:info-mux', 'tcp://127.0.0.1:0'], () => 'memory:info-mux:bob');
    expect(here).toEqual({ name: 'bob' });
  });
});

it('is visible to interceptors', async () => {
  const server = await serve('memory:info-seen');
  const client = await connect('memory:info-seen:ann');
  let seen: unknown;
  server.use((call, next) => {
    seen = call.info;
    return next();
  });
  await client.who(null);
  expect(seen).toEqual({ name: 'ann' });
});
