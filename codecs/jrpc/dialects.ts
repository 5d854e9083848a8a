import type { FramingName } from '../../src/contract.js';

/** What is different where one speaks to strangers. */
export interface Dialect {
  readonly framing: FramingName;
  /** Whether an array is a batch. */
  readonly batches: boolean;
  /** Whether `params: null` is read as no params, and an answer with more members than it may have as what it means. */
  readonly lenient: boolean;
  /** The telegrams of quickrpc: bytes, params that are always there, and no id of 0 or null. */
  readonly quickrpc: boolean;
}

/** JSON-RPC 2.0 as it is specified. */
export const strict: Dialect = { framing: 'lines', batches: true, lenient: false, quickrpc: false };

/** The dialects by name. */
export const dialects = {
  /** The Language Server Protocol. */
  lsp: { framing: 'headers', batches: false, lenient: true, quickrpc: false },
  /** The Model Context Protocol, over stdio. */
  mcp: { framing: 'lines', batches: false, lenient: true, quickrpc: false },
  /** The Python library quickrpc. */
  quickrpc: { framing: 'nul', batches: false, lenient: true, quickrpc: true },
} as const satisfies Record<string, Dialect>;
