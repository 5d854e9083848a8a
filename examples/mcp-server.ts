import { incoming, RemoteAPI, type Reply, RpcError, type Sender, type Side, type TransportSource } from 'obverse';

type Tool = { name: string; description: string; inputSchema: object };
type Result = { content: { type: 'text'; text: string }[]; isError?: boolean };
type Identity = { protocolVersion: string; capabilities: object; serverInfo: { name: string; version: string } };

/** A server of the Model Context Protocol, for tools. */
export class Tools extends RemoteAPI {
  @incoming({ hasReply: true }) initialize(_from: Sender, _args: { protocolVersion: string }): Reply<Identity> {}
  @incoming({ name: 'notifications/initialized' }) initialized(_from: Sender): void {}
  @incoming({ hasReply: true }) ping(_from: Sender): Reply<object> {}
  @incoming({ name: 'tools/list', hasReply: true }) list(_from: Sender): Reply<{ tools: Tool[] }> {}
  @incoming({ name: 'tools/call', hasReply: true })
  call(_from: Sender, _args: { name: string; arguments?: Record<string, unknown> }): Reply<Result> {}
}

const numbers = { a: { type: 'number' }, b: { type: 'number' } };
const add: Tool = {
  name: 'add',
  description: 'Adds two numbers',
  inputSchema: { type: 'object', properties: numbers, required: ['a', 'b'] },
};

/** Serves one tool. */
export async function serveTools(at: TransportSource = 'stdio:'): Promise<Side<Tools>> {
  const server = await Tools.serve(at, { codec: 'jrpc?dialect=mcp' });
  const serverInfo = { name: 'obverse-example', version: '1.0.0' };
  server.initialize.connect((_client, { protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo,
  }));
  server.initialized.connect(() => {}); // Nothing to do.
  server.ping.connect(() => ({}));
  server.list.connect(() => ({ tools: [add] }));
  server.call.connect((_client, { name, arguments: { a, b } = {} }) => {
    if (name !== add.name) throw new RpcError(`there is no tool "${name}"`, -32_602);
    return { content: [{ type: 'text', text: String(Number(a) + Number(b)) }] };
  });
  return server;
}
