import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterEach, describe, expect, it } from 'vitest';
import { serveTools, Tools } from '../../examples/mcp-server.js';
import { ask, post, quiet } from './sides.js';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A server that answers `initialize` with this version, and notes the headers of `ping`. */
async function serveNoting(protocolVersion: string, seen: unknown[]) {
  const server = await Tools.serve('http://127.0.0.1:0/mcp', { codec: 'jrpc?dialect=mcp', logger: quiet });
  ends.push(() => server.close());
  const serverInfo = { name: 'test', version: '1.0.0' };
  server.initialize.connect(() => ({ protocolVersion, capabilities: {}, serverInfo }));
  server.initialized.connect(() => {});
  server.ping.connect(({ peer }) => {
    const headers = peer.info.headers as Record<string, unknown>;
    seen.push(headers['mcp-protocol-version'], headers['mcp-method']);
    return {};
  });
  return server;
}

describe("the MCP SDK's client over streamable HTTP, against a RemoteAPI server", () => {
  it('initializes, lists the tools, and calls one, without a session id', async () => {
    const server = await serveTools('http://127.0.0.1:0/mcp');
    ends.push(() => server.close());
    const client = new Client({ name: 'test', version: '1.0.0' });
    const transport = new StreamableHTTPClientTransport(new URL(server.address as string));
    // A cast: the SDK is not written for exactOptionalPropertyTypes.
    await client.connect(transport as never);
    ends.push(() => client.close());
    expect(client.getServerVersion()).toEqual({ name: 'obverse-example', version: '1.0.0' });
    expect(transport.sessionId).toBeUndefined();
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['add']);
    const { content } = await client.callTool({ name: 'add', arguments: { a: 2, b: 40 } });
    expect(content).toEqual([{ type: 'text', text: '42' }]);
    expect(await client.ping()).toEqual({});
    await expect(client.callTool({ name: 'subtract', arguments: {} })).rejects.toMatchObject({ code: -32_602 });
  });
  it('is refused by the rules of the dialect also where stages observe its messages', async () => {
    const seen: unknown[] = [];
    const server = await Tools.serve('http://127.0.0.1:0/mcp', {
      codec: 'jrpc?dialect=mcp',
      stages: { messages: { incoming: (message) => void seen.push(message) } },
      logger: quiet,
    });
    ends.push(() => server.close());
    server.ping.connect(() => ({}));
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' });
    const asked = (version: string) => post(server.address as string, body, { 'mcp-protocol-version': version });
    expect((await asked('1999-01-01')).status).toBe(400);
    expect(seen).toEqual([]);
    expect((await asked('2025-11-25')).status).toBe(200);
    expect(seen).toHaveLength(1);
  });
  it.each(['2025-03-26', '2025-06-18', '2025-11-25'])('speaks the version %s', async (version) => {
    const seen: unknown[] = [];
    const server = await serveNoting(version, seen);
    const client = new Client({ name: 'test', version: '1.0.0' });
    await client.connect(new StreamableHTTPClientTransport(new URL(server.address as string)) as never);
    ends.push(() => client.close());
    expect(await client.ping()).toEqual({});
    expect(seen).toEqual([version, undefined]);
  });
  it('refuses pages of other sites, a GET without events, and batches', async () => {
    const server = await serveTools('http://127.0.0.1:0/mcp');
    ends.push(() => server.close());
    const address = server.address as string;
    expect((await ask(address)).status).toBe(405);
    const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
    expect((await post(address, ping)).status).toBe(200);
    expect((await post(address, ping, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await post(address, `[${ping}]`)).status).toBe(400);
  });
  it('refuses a version of the protocol that it does not know, and names those that it knows', async () => {
    const server = await serveTools('http://127.0.0.1:0/mcp');
    ends.push(() => server.close());
    const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
    const asked = (version: string) => post(server.address as string, ping, { 'mcp-protocol-version': version });
    expect((await asked('2025-06-18')).status).toBe(200);
    const { status, text } = await asked('1999-01-01');
    expect(status).toBe(400);
    expect(JSON.parse(text)).toEqual({
      jsonrpc: '2.0',
      id: 1,
      error: {
        code: -32_022,
        message:
          'the mcp-protocol-version "1999-01-01" is not supported; supported are 2026-07-28, 2025-11-25, 2025-06-18, 2025-03-26',
        data: { supported: ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26'], requested: '1999-01-01' },
      },
    });
  });
  it('has no interface document', async () => {
    await expect(serveTools({ url: 'http://127.0.0.1:0/mcp', document: true })).rejects.toThrow(
      'the option "document" cannot be combined with the dialect',
    );
  });
});

describe('a request of MCP 2026-07-28', () => {
  const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' };
  const list = JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/list', params: { _meta: meta } });
  const add = JSON.stringify({
    jsonrpc: '2.0',
    id: 8,
    method: 'tools/call',
    params: { name: 'add', arguments: { a: 2, b: 40 }, _meta: meta },
  });
  const version = { 'mcp-protocol-version': '2026-07-28' };
  const serve = async (): Promise<string> => {
    const server = await serveTools('http://127.0.0.1:0/mcp');
    ends.push(() => server.close());
    return server.address as string;
  };

  it('is answered where its headers repeat what is in its body', async () => {
    const address = await serve();
    expect((await post(address, list, { ...version, 'mcp-method': 'tools/list' })).status).toBe(200);
    for (const name of ['add', '=?base64?YWRk?=']) {
      const { status, text } = await post(address, add, { ...version, 'mcp-method': 'tools/call', 'mcp-name': name });
      expect([status, JSON.parse(text).result.content]).toEqual([200, [{ type: 'text', text: '42' }]]);
    }
  });
  it.each([
    ['no Mcp-Method', list, {}],
    ['another Mcp-Method', list, { 'mcp-method': 'tools/call' }],
    ['no Mcp-Name', add, { 'mcp-method': 'tools/call' }],
    ['another Mcp-Name', add, { 'mcp-method': 'tools/call', 'mcp-name': 'subtract' }],
    ['an Mcp-Name that cannot be decoded', add, { 'mcp-method': 'tools/call', 'mcp-name': '=?base64?%?=' }],
    ['a body of another version', list.replace('2026-07-28', '2025-11-25'), { 'mcp-method': 'tools/list' }],
    ['a body that names no version', list.replace(/,"params".*$/, '}'), { 'mcp-method': 'tools/list' }],
  ])('is refused with %s, and not carried out', async (_what, body, headers) => {
    const { status, text } = await post(await serve(), body, { ...version, ...headers });
    expect(status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({ id: JSON.parse(body).id, error: { code: -32_020 } });
  });
  it('for a method that does not exist is answered with 404, and there is no GET', async () => {
    const address = await serve();
    const unknown = await post(address, list.replaceAll('tools/list', 'tools/lost'), {
      ...version,
      'mcp-method': 'tools/lost',
    });
    expect(unknown.status).toBe(404);
    expect(JSON.parse(unknown.text)).toMatchObject({ id: 7, error: { code: -32_601 } });
    expect((await ask(address, { headers: { ...version, accept: 'text/event-stream' } })).status).toBe(405);
    expect((await ask(address, { method: 'DELETE', headers: version })).status).toBe(405);
  });
  it('has the headers, where a client of this library makes it', async () => {
    const seen: unknown[] = [];
    const noting = await dial((await serveNoting('2026-07-28', seen)).address as string);
    await (noting.remote.ping as (args: object) => Promise<unknown>)({ _meta: meta });
    expect(seen).toEqual(['2026-07-28', 'ping']);
    const client = await dial(await serve());
    const asked = { name: 'add', arguments: { a: 1, b: 2 }, _meta: meta };
    expect((await client.remote.call(asked)).content).toEqual([{ type: 'text', text: '3' }]);
    const odd = { name: 'ö', arguments: {}, _meta: meta };
    await expect(client.remote.call(odd)).rejects.toThrow('there is no tool "ö"');
  });
});

const hello = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1.0.0' } };

async function dial(url: string) {
  const client = await Tools.invert().connect(url, { codec: 'jrpc?dialect=mcp', logger: quiet });
  ends.push(() => client.close());
  return client;
}

describe('a RemoteAPI client over streamable HTTP', () => {
  it('sends the session id and the version back that the server has sent', async () => {
    const seen: unknown[] = [];
    const server = createServer((request, response) => {
      const { method, headers } = request;
      seen.push([method, headers['mcp-session-id'], headers['mcp-protocol-version']]);
      response.setHeader('content-type', 'application/json');
      response.setHeader('mcp-session-id', 'one');
      const result = { protocolVersion: '2025-06-18' };
      request.resume().on('end', () => response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result })));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    ends.push(async () => {
      server.close();
      server.closeAllConnections();
    });
    const client = await dial(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
    await client.remote.initialize(hello);
    await client.remote.ping();
    await client.close();
    expect(seen).toEqual([
      ['POST', undefined, undefined],
      ['POST', 'one', '2025-06-18'],
      ['DELETE', 'one', '2025-06-18'],
    ]);
  });
  it('reports that the server has ended the session, and begins another one', async () => {
    const seen: unknown[] = [];
    let session = 0;
    const server = createServer((request, response) => {
      const { 'mcp-session-id': id } = request.headers;
      seen.push(id);
      request.resume().on('end', () => {
        if (id !== undefined && id !== `s${session}`) response.writeHead(404).end();
        else {
          if (id === undefined) response.setHeader('mcp-session-id', `s${++session}`);
          response.setHeader('content-type', 'application/json');
          const result = { protocolVersion: '2025-06-18' };
          response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result }));
        }
      });
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    ends.push(async () => {
      server.close();
      server.closeAllConnections();
    });
    const client = await dial(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
    await client.remote.initialize(hello);
    session = 7; // As a server that was started anew.
    await expect(client.remote.ping()).rejects.toMatchObject({
      name: 'ConnectionLost',
      maybeExecuted: false,
      message: expect.stringContaining('the server has ended the session (404): begin another one, as with initialize'),
    });
    await client.remote.initialize(hello);
    await client.remote.ping();
    expect(seen).toEqual([undefined, 's1', undefined, 's8']);
  });
  it('closes in time where the server does not answer the end of the session', async () => {
    const server = createServer((request, response) => {
      request.resume();
      if (request.method === 'DELETE') return;
      response.setHeader('content-type', 'application/json').setHeader('mcp-session-id', 'one');
      response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result: {} }));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    ends.push(async () => {
      server.close();
      server.closeAllConnections();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
    const client = await Tools.invert().connect(url, {
      codec: 'jrpc?dialect=mcp',
      logger: quiet,
      limits: { connectMs: 100 },
    });
    await client.remote.ping();
    await client.close();
  });
  it('drives server-everything', { timeout: 60_000 }, async () => {
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const program = `${root}node_modules/@modelcontextprotocol/server-everything/dist/index.js`;
    const probe = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => probe.once('listening', resolve));
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    const env = { ...process.env, PORT: String(port) };
    const child = spawn(process.execPath, [program, 'streamableHttp'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    ends.push(async () => {
      child.kill();
      await ended;
    });
    await new Promise<void>((resolve, reject) => {
      let said = '';
      const read = (text: unknown): void => {
        said += String(text);
        if (/listening on port/i.test(said)) resolve();
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      ended.then(() => reject(new Error(`server-everything has ended: ${said}`)));
    });
    const client = await dial(`http://127.0.0.1:${port}/mcp`);
    const { serverInfo, protocolVersion } = await client.remote.initialize(hello);
    expect(serverInfo.name).toContain('everything');
    expect(protocolVersion).toBe('2025-06-18');
    client.remote.initialized();
    await client.flush();
    expect((await client.remote.list()).tools.map(({ name }) => name)).toContain('echo');
    const { content } = await client.remote.call({ name: 'echo', arguments: { message: 'hello' } });
    expect(content).toEqual([{ type: 'text', text: 'Echo: hello' }]);
    const steps: unknown[] = [];
    const long = { name: 'trigger-long-running-operation', arguments: { duration: 0.3, steps: 3 } };
    await client.to(null, { onProgress: (value) => steps.push(value) }).call(long);
    expect(steps).toMatchObject([{ progress: 1 }, { progress: 2 }, { progress: 3 }]);
    // The server forgets the session, and would answer any call in it with an error.
    await client.close();
  });
});
