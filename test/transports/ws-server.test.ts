import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopClock } from 'obverse/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { UsageError } from '../../src/contract/errors.js';
import { certificate } from '../support/ws-certificate.js';
import { RawClient } from '../support/ws-raw.js';
import { closeSides, connect, serve, until } from '../support/ws-sides.js';

const servers: http.Server[] = [];
afterEach(async () => {
  await closeSides();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** An HTTP server of the application. */
async function application(where: string | number = 0): Promise<http.Server> {
  const server = http.createServer((request, response) => response.end(`page ${request.url}`));
  servers.push(server);
  await new Promise<void>((resolve) => {
    if (typeof where === 'string') server.listen(where, resolve);
    else server.listen(where, '127.0.0.1', resolve);
  });
  return server;
}

const urlOf = (server: http.Server): string => `ws://127.0.0.1:${(server.address() as { port: number }).port}`;

describe('a server of its own', () => {
  it('reports a free port, and its path', async () => {
    expect((await serve('ws://127.0.0.1:0')).address).toMatch(/^ws:\/\/127\.0\.0\.1:[1-9]\d*$/);
    expect((await serve('ws-server://127.0.0.1:0/rpc')).address).toMatch(/:[1-9]\d*\/rpc$/);
  });

  it('identifies its peers by address and port', async () => {
    const server = await serve();
    const raw = await RawClient.dial(server.address);
    expect((await server.ear()).link.peer).toBe(`127.0.0.1:${raw.socket.localPort}`);
    raw.socket.destroy();
  });

  it('accepts its path, with any query, and no other', async () => {
    const { address } = await serve('ws://127.0.0.1:0/rpc');
    await connect(`${address}?token=1`);
    await expect(connect(address.replace('/rpc', '/other'))).rejects.toThrow(
      'refused the handshake: 404 Not Found: nothing accepts WebSockets at this path',
    );
    await expect(connect(address.replace('/rpc', ''))).rejects.toThrow('404');
  });

  it('answers a request that is not an upgrade', async () => {
    const { address } = await serve();
    const response = await fetch(address.replace('ws:', 'http:'));
    expect(response.status).toBe(426);
    expect(await response.text()).toContain('WebSocket');
  });

  it('reports why it cannot listen', async () => {
    const { address } = await serve();
    await expect(serve(address)).rejects.toThrow(/^cannot listen on .*EADDRINUSE/);
  });

  it('reports the reason to clients above the limit of peers, and to its logger once', async () => {
    const said: string[] = [];
    const logger = { warn: (text: string) => said.push(text), error: () => {} };
    const { address } = await serve(undefined, { limits: { peers: 1 }, logger });
    const first = await connect(address);
    await expect(connect(address)).rejects.toThrow(
      '503 Service Unavailable: this server has reached its maximum of peers',
    );
    await expect(connect(address)).rejects.toThrow('503');
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('has 1 peers, its limit (limits.peers), and refused 1 more');
    await first.transport.close();
    await connect(address);
  });

  it('limits the clients in their handshakes to the maximum of peers, in addition to those', async () => {
    const { address } = await serve(undefined, { limits: { peers: 2 } });
    const raws: RawClient[] = [];
    for (let n = 0; n < 5; n++) raws.push(await RawClient.connect(address));
    await until(() => raws[4]!.closed);
    expect(raws.map(({ closed }) => closed)).toEqual([false, false, false, false, true]);
    for (const { socket } of raws) socket.destroy();
  });

  it.each([
    ['says nothing', ''],
    ['says one line and no more', 'GET / HTTP/1.1\r\n'],
  ])('disconnects a client that connects and %s', async (_what, words) => {
    const { address } = await serve(undefined, { limits: { connectMs: 100 } });
    const raw = await RawClient.connect(address);
    raw.socket.write(words);
    await until(() => raw.closed);
  });

  it('disconnects a client that sends its handshake byte by byte', async () => {
    const { address } = await serve(undefined, { limits: { connectMs: 100 } });
    const raw = await RawClient.connect(address);
    raw.socket.write('GET / HTTP/1.1\r\nx: ');
    const drip = setInterval(() => raw.socket.write('x'), 10);
    await until(() => raw.closed);
    clearInterval(drip);
  });

  it('disconnects a client that does not complete the TLS handshake', async () => {
    const { address } = await serve({ url: 'wss://127.0.0.1:0', ...certificate() }, { limits: { connectMs: 100 } });
    const raw = await RawClient.connect(address);
    await until(() => raw.closed);
  });

  it.each(['ws', 'wss'])('closes immediately although clients of %s: are still in their handshakes', async (scheme) => {
    const server = await serve({ url: `${scheme}://127.0.0.1:0`, ...(scheme === 'wss' && certificate()) });
    const raw = await RawClient.connect(server.address);
    raw.socket.write('GET');
    await new Promise((resolve) => setTimeout(resolve, 50));
    using _clock = stopClock();
    await server.transport.close();
    await until(() => raw.closed);
  });

  it('does not open if it is closed first', async () => {
    const transport = (await serve()).transport;
    await transport.close();
    await expect(transport.open(() => expect.fail())).rejects.toThrow(UsageError);
  });
});

describe('a client', () => {
  it('rejects if a server does not complete the handshake', async () => {
    const server = await application();
    server.on('upgrade', (_request, socket) => socket.on('end', () => socket.end()).resume());
    await expect(connect(urlOf(server), { limits: { connectMs: 50 } })).rejects.toThrow(
      'did not complete the handshake within 50 ms',
    );
  });

  it('shows a refusal by the application, but no page, and does not read an endless one', async () => {
    const server = http.createServer((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' });
      const more = setInterval(() => response.write('<p>'.repeat(100)), 1);
      response.on('close', () => clearInterval(more));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await expect(connect(urlOf(server))).rejects.toThrow(/refused the handshake: 200 OK$/);
  });
});

describe('a server of the application', () => {
  it('serves its pages and our links, and stays open when we close', async () => {
    const server = await application();
    const api = await serve({ url: 'ws:/rpc', server });
    expect(api.address).toBe(`${urlOf(server)}/rpc`);
    const client = await connect(api.address);
    (await client.ear()).link.send(['hello']);
    expect(await (await api.ear()).heard(1)).toEqual(['hello']);
    await api.transport.close();
    expect(await (await client.ear()).ended()).toBeUndefined();
    expect(server.listening).toBe(true);
    expect(server.listenerCount('upgrade')).toBe(0);
    const page = await fetch(`${urlOf(server).replace('ws:', 'http:')}/page`);
    expect(await page.text()).toBe('page /page');
  });

  it('can begin to listen later', async () => {
    const server = http.createServer();
    servers.push(server);
    const api = await serve({ url: 'ws:///rpc', server });
    expect(api.address).toBe('ws:/rpc');
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    expect(api.address).toBe(`${urlOf(server)}/rpc`);
    await connect(api.address);
  });

  it('can have another public name', async () => {
    const server = await application();
    expect((await serve({ url: 'wss://example.org/rpc', server })).address).toBe('wss://example.org/rpc');
  });

  it('can be an https server', async () => {
    const { key, cert } = certificate();
    const server = https.createServer({ key, cert });
    servers.push(server as unknown as http.Server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const api = await serve({ url: 'ws:', server });
    expect(api.address).toMatch(/^wss:/);
    await connect({ url: api.address, ca: cert });
    expect((await api.ear()).link.peer).toMatch(/^127\.0\.0\.1:\d+$/);
  });

  it('carries several transports on separate paths, and none on a path that is in use', async () => {
    const server = await application();
    const [one, two] = [await serve({ url: 'ws:/one', server }), await serve({ url: 'ws:/two', server })];
    await expect(serve({ url: 'ws:/two', server })).rejects.toThrow('the path /two of this server is used');
    await connect(one.address);
    await connect(two.address);
    await one.ear();
    await two.ear();
    expect([one.ears.length, two.ears.length]).toEqual([1, 1]);
    await expect(connect(`${urlOf(server)}/three`)).rejects.toThrow('404');
    await two.transport.close();
    await connect(one.address);
    await serve({ url: 'ws:/two', server });
  });

  it('keeps the upgrades of other handlers', async () => {
    const server = await application();
    const theirs: (string | undefined)[] = [];
    server.on('upgrade', (request, socket) => {
      if (request.url !== '/theirs') return;
      theirs.push(request.url);
      // Later, as a handler that queries a database first.
      setTimeout(() => socket.end('HTTP/1.1 418 Teapot\r\n\r\n'), 10);
    });
    const api = await serve({ url: 'ws:/ours', server });
    await expect(connect(`${urlOf(server)}/theirs`)).rejects.toThrow('418');
    await connect(api.address);
    expect(theirs).toEqual(['/theirs']);
  });

  it.skipIf(process.platform === 'win32')('can listen on a local socket, where peers have no address', async () => {
    const path = join(tmpdir(), `obverse-ws-${process.pid}.sock`);
    const server = await application(path);
    const api = await serve({ url: 'ws:', server });
    const client = new WebSocket(`ws+unix:${path}:/`);
    await new Promise((resolve) => client.once('open', resolve));
    expect((await api.ear()).link.peer).toBe('ws#1');
    client.terminate();
    await (await api.ear()).ended();
  });
});
