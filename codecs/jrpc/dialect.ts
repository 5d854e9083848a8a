import type { FramingName, Message, Outbound } from '../../src/contract/contract.js';

/** What differs for peers that are not Obverse. */
export interface Dialect {
  readonly framing: FramingName;
  /** Whether an array is a batch. */
  readonly batches: boolean;
  /** Whether `params: null` is read as no params, and a response with extra members is still accepted. */
  readonly lenient: boolean;
  /** Set for quickrpc only: bytes, params that are always present, and no id of 0 or null. */
  readonly quickrpc: Quickrpc | undefined;
  /** The dialect's own messages for the notifications `rpc.*` of the library. */
  readonly translation: Translation | undefined;
  /** Whether a cancelled call still gets a response. */
  readonly answersCancelled: boolean;
}

/** How messages of quickrpc are written and read. */
export interface Quickrpc {
  encode(message: Outbound): string;
  /**
   * Restores the bytes of a parsed value, in place; `text` is the JSON that was parsed. Throws if bytes are not base64.
   */
  bytesIn(value: unknown, text: string): unknown;
}

/** Translates messages to those of a dialect, and back. */
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
