import { type Dialect, strict, type Translation } from './dialect.js';
import { type DialectMethods, fromDialect, toDialect } from './dialect-methods.js';
import { mcpHttp } from './http-mcp.js';
import { lspMethods } from './lsp-methods.js';
import { mcpMethods } from './mcp-methods.js';
import { encodeQuickrpc, fromQuickrpc } from './quickrpc.js';

export { type Dialect, strict } from './dialect.js';

/** Defaults that dialects share. */
const foreign: Dialect = { ...strict, batches: false, lenient: true };

/** The dialects by name. */
export const dialects = {
  /** The Language Server Protocol. */
  lsp: { ...foreign, framing: 'headers', translation: translationOf(lspMethods) },
  /** The Model Context Protocol, over stdio and HTTP. */
  mcp: { ...foreign, translation: translationOf(mcpMethods), answersCancelled: false, http: mcpHttp },
  /** The Python library quickrpc. */
  quickrpc: {
    ...foreign,
    framing: 'nul',
    encode: encodeQuickrpc,
    translation: { into: (message) => message, from: fromQuickrpc },
  },
} satisfies Record<string, Dialect>;

function translationOf(methods: DialectMethods): Translation {
  return { into: (message) => toDialect(message, methods), from: (message) => fromDialect(message, methods) };
}
