import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender, type Side } from 'obverse';

type Tool = { name: string; description?: string; inputSchema: object };
type Result = { content: { type: string; text?: string }[]; isError?: boolean };
type Identity = { protocolVersion: string; capabilities: object; serverInfo: { name: string; version: string } };
type Message = { level: string; data: unknown };

/** A client of the Model Context Protocol, for tools. */
export class Client extends RemoteAPI {
  @outgoing({ hasReply: true }) initialize(_to: Receivers, _args: object): Reply<Identity> {}
  @outgoing({ name: 'notifications/initialized' }) initialized(_to: Receivers): void {}
  @outgoing({ name: 'tools/list', hasReply: true }) list(_to: Receivers): Reply<{ tools: Tool[] }> {}
  @outgoing({ name: 'tools/call', hasReply: true })
  call(_to: Receivers, _args: { name: string; arguments: object }): Reply<Result> {}
  @incoming({ name: 'notifications/message' }) message(_from: Sender, _args: Message): void {}
  @incoming({ name: 'notifications/tools/list_changed' }) changed(_from: Sender): void {}
}

/** Starts an MCP server and initializes it. Returns the client's side and the answer of the server. */
export async function start(command: string): Promise<[Side<Client>, Identity]> {
  const client = await Client.connect({ url: `process:${command}`, stderr: 'ignore' }, { codec: 'jrpc?dialect=mcp' });
  const server = await client.remote.initialize({
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'obverse-example', version: '1.0.0' },
  });
  client.remote.initialized();
  return [client, server];
}
