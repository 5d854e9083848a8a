import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Hono } from 'hono';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type Inverted,
  incoming,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Side,
  specFrom,
} from '../../src/index.js';
import { httpHandler as workerHandler } from '../../transports/http.browser.js';
import { httpHandler } from '../../transports/http.js';
import { ask, call, closing, Desk, eventsIn, post, quiet, raw, serveDesk } from './sides.js';

const SUM = call('add', { a: 1, b: 2 });
const json = { 'content-type': 'application/json' };

const servers: { close(): unknown; closeAllConnections(): void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function listening(
  answer: Parameters<typeof createServer>[1],
): Promise<[ReturnType<typeof createServer>, string]> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return [server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`];
}

describe('a server of the application', () => {
  it('keeps its other paths, and gets its path back when the side is closed', async () => {
    const [server, origin] = await listening((_request, response) => response.end('page'));
    const { desk, address } = await serveDesk({ url: 'http:/rpc', server });
    expect(address).toBe(`${origin}/rpc`);
    expect((await post(`${origin}/rpc?x=1`, SUM)).status).toBe(200);
    expect((await ask(`${origin}/other`)).text).toBe('page');
    await desk.close();
    expect((await ask(`${origin}/rpc`)).text).toBe('page');
  });
  it('is used by one side for each path', async () => {
    const [server] = await listening((_request, response) => response.end('page'));
    await serveDesk({ url: 'http:/rpc', server });
    await expect(serveDesk({ url: 'http:/rpc', server })).rejects.toThrow('the path /rpc of this server is used');
    await serveDesk({ url: 'http:/rpc2', server });
  });
});

describe('httpHandler()', () => {
  const serveAt = async (handler: ReturnType<typeof workerHandler>) => {
    const desk = closing(await Desk.serve(handler, { logger: quiet }));
    desk.add.connect((_sender, { a, b }) => a + b);
    return desk;
  };

  it('answers requests of fetch, in Node and in Workers', async () => {
    for (const make of [httpHandler, workerHandler]) {
      const handler = make();
      await expect(handler.fetch(new Request('http://x/rpc'))).rejects.toThrow('await serve(handler) first');
      await serveAt(handler);
      const response = await handler.fetch(new Request('http://x/rpc', { method: 'POST', headers: json, body: SUM }));
      expect([response.status, await response.json()]).toEqual([200, { jsonrpc: '2.0', id: 1, result: 3 }]);
      const events = await handler.fetch(
        new Request('http://x/rpc', { method: 'POST', headers: { ...json, accept: 'text/event-stream' }, body: SUM }),
      );
      expect(eventsIn(await events.text())).toEqual([{ jsonrpc: '2.0', id: 1, result: 3 }]);
      const none = await handler.fetch(new Request('http://x/rpc', { method: 'POST', headers: json, body: '{' }));
      expect(none.status).toBe(400);
    }
  });
  it('answers requests of node:http', async () => {
    const handler = httpHandler();
    await serveAt(handler);
    const [, origin] = await listening(handler.node);
    expect((await post(origin, SUM)).status).toBe(200);
  });
  it('is a handler of Hono', async () => {
    const handler = httpHandler();
    await serveAt(handler);
    const app = new Hono().all('/rpc', (context) => handler.fetch(context.req.raw, context.env));
    const response = await app.request('/rpc', { method: 'POST', headers: json, body: SUM });
    expect(await response.json()).toEqual({ jsonrpc: '2.0', id: 1, result: 3 });
  });
  it('refuses DNS rebinding where the runtime passes the address, and elsewhere with the option hosts', async () => {
    const statusOf = async (handler: ReturnType<typeof workerHandler>, host: string, context?: object) => {
      const app = new Hono().all('/rpc', ({ req, env }) => handler.fetch(req.raw, env));
      const init = { method: 'POST', headers: { ...json, host }, body: SUM };
      return (await app.request('/rpc', init, context)).status;
    };
    const [plain, limited] = [httpHandler(), httpHandler({ hosts: 'localhost' })];
    await serveAt(plain);
    await serveAt(limited);
    const deno = { remoteAddr: { hostname: '127.0.0.1', port: 1 } };
    const bun = { requestIP: () => ({ address: '::1', port: 1 }) };
    for (const context of [deno, bun]) {
      expect(await statusOf(plain, 'evil.example', context)).toBe(403);
      expect(await statusOf(plain, 'localhost:3000', context)).toBe(200);
    }
    expect(await statusOf(limited, 'evil.example')).toBe(403);
    expect(await statusOf(limited, 'localhost:3000')).toBe(200);
  });
  it('refuses options that it does not have, and to dial', async () => {
    expect(() => httpHandler({ nonsense: 1 } as never)).toThrow('has no option "nonsense"');
    await expect(Desk.connect(httpHandler())).rejects.toThrow('for serve');
  });
});

describe('the option', () => {
  it('cors lets pages of some origins send requests, and read responses', async () => {
    const { address } = await serveDesk({ cors: 'https://app.example' });
    const page = { origin: 'https://app.example' };
    const asked = await raw(address, { ...page, 'access-control-request-headers': 'content-type' }, '', 'OPTIONS');
    expect(asked).toMatchObject({
      status: 204,
      headers: {
        'access-control-allow-origin': 'https://app.example',
        'access-control-allow-headers': 'content-type',
        'access-control-allow-methods': 'POST, GET, OPTIONS',
      },
    });
    expect(await raw(address, page)).toMatchObject({
      status: 200,
      headers: { 'access-control-allow-origin': 'https://app.example', vary: 'Origin' },
    });
    expect(await raw(address, { origin: 'https://other.example' })).toMatchObject({ status: 403 });
  });
  it('forwarded adds what the nearest proxy says in the headers that it names, and nothing is trusted without it', async () => {
    const found: unknown[] = [];
    for (const forwarded of ['x-forwarded-for, X-Forwarded-Proto', ['x-forwarded-for'], 'forwarded', undefined]) {
      const { desk, address } = await serveDesk({ forwarded });
      desk.note.connect(({ peer }) => void found.push(peer.info?.forwarded));
      const note = '{"jsonrpc":"2.0","method":"note","params":{"text":"x"}}';
      await post(address, note, {
        'x-forwarded-for': '6.6.6.6, 10.0.0.1',
        'x-forwarded-proto': 'https',
        forwarded: 'for=6.6.6.6, For="[2001:db8::1]:80"; proto=https;host="a\\"b,c";secret=1',
      });
    }
    expect(found).toEqual([
      { for: '10.0.0.1', proto: 'https' },
      { for: '10.0.0.1' },
      { for: '[2001:db8::1]:80', proto: 'https', host: 'a"b,c' },
      undefined,
    ]);
    for (const forwarded of [true, '', [], 'x-real-ip', ['forwarded', 'x-forwarded-for']])
      await expect(serveDesk({ forwarded })).rejects.toThrow('must name the headers that the proxy sets, a list of');
  });
  it('document answers a GET with the methods, without meta, and a client can be made of that', async () => {
    class Shop extends RemoteAPI {
      @incoming({ hasReply: true, meta: { secret: 'xyz' }, summary: 'adds' }) add(
        _sender: Sender,
        _sum: { a: number; b: number },
      ): Reply<number> {}
      @outgoing said(_receivers: Receivers, _args: { text: string }): void {}
    }
    const shop = closing(await Shop.serve({ url: 'http://127.0.0.1:0/rpc', document: true }));
    shop.add.connect((_sender, { a, b }) => a + b);
    const address = shop.address as string;
    const { status, text, type } = await ask(address);
    expect([status, type]).toEqual([200, 'application/json']);
    expect(JSON.parse(text)).toEqual([
      { path: 'add', method: 'add', direction: 'incoming', kind: 'request', summary: 'adds' },
      { path: 'said', method: 'said', direction: 'outgoing', kind: 'notification' },
    ]);
    const client = closing(
      await specFrom(text)
        .invert()
        .connect(address as never),
    ) as unknown as Side<Inverted<Shop>>;
    expect(await client.remote.add({ a: 2, b: 40 })).toBe(42);
    const { address: without } = await serveDesk();
    expect((await ask(without)).status).toBe(405);
  });
  it('of the other end, or misspelt, is refused', async () => {
    await expect(serveDesk({ connections: 3 })).rejects.toThrow('for the side that dials');
    await expect(serveDesk({ origin: '*' })).rejects.toThrow('did you mean origins');
    await expect(Desk.connect({ url: 'http://127.0.0.1:1', cors: '*' })).rejects.toThrow('for the side that listens');
    await expect(serveDesk({ cert: 'x', key: 'y' })).rejects.toThrow('is not encrypted');
    await expect(serveDesk({ keepAlive: 0 })).rejects.toThrow('positive number of milliseconds');
    await expect(serveDesk({ cors: 'nonsense' })).rejects.toThrow('the option "cors" must be a list of');
  });
});

describe('msgpack', () => {
  it('is sent as bytes', async () => {
    const { address } = await serveDesk({}, { codec: 'msgpack' });
    const { pack, unpack } = await import('msgpackr');
    const response = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: pack([0, 1, 'add', [{ a: 1, b: 2 }]]) as never,
    });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/octet-stream']);
    expect(unpack(new Uint8Array(await response.arrayBuffer()))).toEqual([1, 1, null, 3]);
  });
});
