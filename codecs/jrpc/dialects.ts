import type { FramingName } from '../../src/contract/contract.js';
import type { Words } from './words.js';
import { lspWords } from './words-lsp.js';
import { mcpWords } from './words-mcp.js';

/** What is different where one speaks to strangers. */
export interface Dialect {
  readonly framing: FramingName;
  /** Whether an array is a batch. */
  readonly batches: boolean;
  /** Whether `params: null` is read as no params, and an answer with more members than it may have as what it means. */
  readonly lenient: boolean;
  /** The telegrams of quickrpc: bytes, params that are always there, and no id of 0 or null. */
  readonly quickrpc: boolean;
  /** Its own words for what the library says by `rpc.*`. */
  readonly words: Words | undefined;
  /** Whether a call that was given up is answered. */
  readonly answersCancelled: boolean;
}

/** JSON-RPC 2.0 as it is specified. */
export const strict: Dialect = {
  framing: 'lines',
  batches: true,
  lenient: false,
  quickrpc: false,
  words: undefined,
  answersCancelled: true,
};

/** What the dialects have in common, as far as they have. */
const foreign: Dialect = { ...strict, batches: false, lenient: true };

/** The dialects by name. */
export const dialects = {
  /** The Language Server Protocol. */
  lsp: { ...foreign, framing: 'headers', words: lspWords },
  /** The Model Context Protocol, over stdio. */
  mcp: { ...foreign, words: mcpWords, answersCancelled: false },
  /** The Python library quickrpc. */
  quickrpc: { ...foreign, framing: 'nul', quickrpc: true },
} satisfies Record<string, Dialect>;
