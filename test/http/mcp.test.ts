import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterEach, describe, expect, it } from 'vitest';
import { serveTools } from '../../examples/mcp-server.js';
import { ask, post } from './sides.js';

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
});
