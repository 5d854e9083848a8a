import type { FramingName, HttpProtocol, Message, Outbound } from '../../src/contract/contract.js';

/** What differs for peers that are not Obverse. */
export interface Dialect {
  readonly framing: FramingName;
  /** Whether an array is a batch. */
  readonly batches: boolean;
  /** Whether `params: null` is read as no params, and a response with extra members is still accepted. */
  readonly lenient: boolean;
  /** Writes a message in another form than JSON-RPC 2.0 specifies. */
  readonly encode: ((message: Outbound) => string) | undefined;
  /** The dialect's own messages for the notifications `rpc.*` of the library, or its own reading of a message. */
  readonly translation: Translation | undefined;
  /** Whether a cancelled call still gets a response. */
  readonly answersCancelled: boolean;
  /** What it asks of HTTP. */
  readonly http?: HttpProtocol;
}

/** Translates messages to those of a dialect, and back. `text` is what the message was parsed from. */
export interface Translation {
  into(message: Outbound): Outbound;
  from(message: Message, text: string): Message;
}

/** JSON-RPC 2.0 as it is specified. */
export const strict: Dialect = {
  framing: 'lines',
  batches: true,
  lenient: false,
  encode: undefined,
  translation: undefined,
  answersCancelled: true,
};
