import type { HttpProtocol } from '../../src/contract/contract.js';

/** The Streamable HTTP of the Model Context Protocol: https://modelcontextprotocol.io/specification/2025-11-25/basic/transports. */
export const mcpHttp: HttpProtocol = {
  versionHeader: 'mcp-protocol-version',
  versions: ['2025-11-25', '2025-06-18', '2025-03-26'],
  repeated: ['mcp-session-id'],
  versionIn(method, answer) {
    if (method !== 'initialize') return undefined;
    try {
      const version: unknown = JSON.parse(answer)?.result?.protocolVersion;
      return typeof version === 'string' && /^[\x21-\x7e]{1,100}$/.test(version) ? version : undefined;
    } catch {
      return undefined;
    }
  },
};
