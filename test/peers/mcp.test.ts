import { fileURLToPath } from 'node:url';
import { Client as SdkClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { start } from '../../examples/mcp-client.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe("the MCP SDK's client against a RemoteAPI server", () => {
  const client = new SdkClient({ name: 'test', version: '1.0.0' });
  beforeAll(async () => {
    const program = "import { serveTools } from './examples/mcp-server.ts'; await serveTools();";
    const args = ['--import', 'tsx', '--input-type=module', '--eval', program];
    await client.connect(new StdioClientTransport({ command: process.execPath, args, cwd: root }));
  }, 30_000);
  afterAll(() => client.close());

  it('shows the client the name of the server', () => {
    expect(client.getServerVersion()).toEqual({ name: 'obverse-example', version: '1.0.0' });
    expect(client.getServerCapabilities()).toEqual({ tools: {} });
  });
  it('lists the tools, and calls one', async () => {
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['add']);
    const { content } = await client.callTool({ name: 'add', arguments: { a: 2, b: 40 } });
    expect(content).toEqual([{ type: 'text', text: '42' }]);
  });
  it('answers pings, and refuses an unknown tool', async () => {
    expect(await client.ping()).toEqual({});
    await expect(client.callTool({ name: 'subtract', arguments: {} })).rejects.toMatchObject({ code: -32_602 });
  });
});

describe('a RemoteAPI class that drives server-everything', () => {
  const everything = `node ${root}node_modules/@modelcontextprotocol/server-everything/dist/index.js stdio`;

  it('initializes, lists tools, calls two of them and one that fails', { timeout: 60_000 }, async () => {
    const [client, { serverInfo }] = await start(everything);
    try {
      expect(serverInfo.name).toContain('everything');
      const { tools } = await client.remote.list();
      expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(['echo', 'get-sum']));
      const echo = await client.remote.call({ name: 'echo', arguments: { message: 'hello' } });
      expect(echo.content).toEqual([{ type: 'text', text: 'Echo: hello' }]);
      const sum = await client.remote.call({ name: 'get-sum', arguments: { a: 2, b: 40 } });
      expect(sum.content[0]?.text).toContain('42');
      const failed = await client.remote
        .call({ name: 'get-sum', arguments: { a: 'two' } })
        .catch((error: Error) => error);
      expect(failed).toMatchObject(failed instanceof Error ? { code: -32_602 } : { isError: true });
      await expect(client.remote.call({} as never)).rejects.toMatchObject({ name: 'RemoteError' });
    } finally {
      await client.close();
    }
  });
});
