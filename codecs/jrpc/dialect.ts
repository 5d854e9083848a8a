import type { FramingName, Message, Outbound } from '../../src/contract/contract.js';

/** What is different where one speaks to peers that are not Obverse. */
export interface Dialect {
  readonly framing: FramingName;
  /** Whether an array is a batch. */
  readonly batches: boolean;
  /** Whether `params: null` is read as no params, and an answer with more members than it may have as what it means. */
  readonly lenient: boolean;
  /** Undefined in all dialects but that of quickrpc: bytes, params that are always there, and no id of 0 or null. */
  readonly quickrpc: Quickrpc | undefined;
  /** Its own words for what the library says by `rpc.*`. */
  readonly translation: Translation | undefined;
  /** Whether a call that was cancelled is answered. */
  readonly answersCancelled: boolean;
}

/** How the telegrams of quickrpc are written and read. */
export interface Quickrpc {
  encode(message: Outbound): string;
  /** A parsed value with its bytes, in place; `text` is what it was parsed from. Throws where bytes are no base64. */
  bytesIn(value: unknown, text: string): unknown;
}

/** Translates messages into the words of a dialect, and back. */
export interface Translation {
  into(message: Outbound): Outbound;
  from(message: Message): Message;
}

/** JSON-RPC 2.0 as it is specified. */
export const strict: Dialect = {
  framing: 'lines',
  batches: true,
  lenient: false,
  quickrpc: undefined,
  translation: undefined,
  answersCancelled: true,
};
