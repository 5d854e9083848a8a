import { type Dialect, strict, type Translation } from './dialect.js';
import { mcpHttp } from './http-mcp.js';
import { encodeQuickrpc, fromQuickrpc } from './quickrpc.js';
import { fromWords, inWords, type Words } from './words.js';
import { lspWords } from './words-lsp.js';
import { mcpWords } from './words-mcp.js';

export { type Dialect, strict } from './dialect.js';

/** Defaults that dialects share. */
const foreign: Dialect = { ...strict, batches: false, lenient: true };

/** The dialects by name. */
export const dialects = {
  /** The Language Server Protocol. */
  lsp: { ...foreign, framing: 'headers', translation: translationOf(lspWords) },
  /** The Model Context Protocol, over stdio and HTTP. */
  mcp: { ...foreign, translation: translationOf(mcpWords), answersCancelled: false, http: mcpHttp },
  /** The Python library quickrpc. */
  quickrpc: {
    ...foreign,
    framing: 'nul',
    encode: encodeQuickrpc,
    translation: { into: (message) => message, from: fromQuickrpc },
  },
} satisfies Record<string, Dialect>;

function translationOf(words: Words): Translation {
  return { into: (message) => inWords(message, words), from: (message) => fromWords(message, words) };
}
