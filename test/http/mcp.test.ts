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
    expect(text).toContain('the mcp-protocol-version "1999-01-01" is not supported; supported are 2025-11-25');
  });
  it('has no interface document', async () => {
    await expect(serveTools({ url: 'http://127.0.0.1:0/mcp', document: true })).rejects.toThrow(
      'the option "document" cannot be combined with the dialect',
    );
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
      seen.push([request.headers['mcp-session-id'], request.headers['mcp-protocol-version']]);
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
    expect(seen).toEqual([
      [undefined, undefined],
      ['one', '2025-06-18'],
    ]);
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
  });
});
