import type { Frame } from '../contract/contract.js';

/** What a message weighs besides its bytes, while it is kept. */
export const MESSAGE_BYTES = 64;

/**
 * What lets a session go on over another connection: it numbers and keeps what is sent until the peer has it. The core asks it these
 * four questions; a session without one ends with its connection.
 */
export interface Journal {
  /**
   * Whether a message may be given to the connection behind so many bytes, with `MESSAGE_BYTES` for each message; otherwise it waits in the
   * send queue until `Session.flush`. Under a filter, `holds` is asked instead.
   */
  admits(bytes: number): boolean;
  /**
   * Whether a message waits in the journal before the filter, which would number it or note its time: the journal posts it later. `failed` as
   * for `Session.post`.
   */
  holds?(message: Frame, failed: ((error: unknown) => void) | undefined): boolean;
  /**
   * These messages leave now, plain, and have their numbers: one for each. `bytes`: the length of all of them, where it is known; `between`:
   * what the link puts between them, if it takes them joined (`Link.between`). Returns what is to be given to the link: these frames, or
   * a frame in which they are joined so. What it returns means nothing under a filter.
   */
  given(messages: readonly Frame[], bytes: number | undefined, between: string | undefined): readonly Frame[];
  /**
   * One more message has come, also one that could not be read; not those of the connection itself, such as `rpc.hello`. `bytes`: what was
   * read since the last message, which is the whole frame for the first of its messages.
   */
  came(bytes: number): void;
  /**
   * At the end of a turn, behind what leaves with it: an acknowledgement, where one is due and there is no filter. So it costs no write of its
   * own.
   */
  ack?(): Frame | undefined;
  /** How many messages wait in the journal before the filter. */
  readonly waiting?: number;
  /** How many messages were given to connections and may have to be sent again: the last ones. */
  readonly keptMessages?: number;
  /** Something leaves only after the peer has acknowledged more: until then it must be read. */
  readonly awaitsAck?: boolean;
  /**
   * Once the other end has ended the session: the messages that were given to connections and have certainly not arrived there, in order;
   * `SendQueue.sent` does not count them. `mayMove`: another session may send them.
   */
  readonly unheard?: { readonly messages: readonly Frame[]; readonly mayMove: boolean } | undefined;
  /** The other end has not let this one in, so nothing has arrived there: sets `unheard`. */
  refused?(): void;
  /** Removes and returns the messages that wait in the journal before the filter. */
  takeWaiting?(): readonly Frame[];
  /** Once the session has ended: why another one takes its place, in a word; undefined where that is not known. */
  readonly why?: string | undefined;
  /** The connection has ended. Returns false if the session ends too. */
  lost(reason: Error | undefined): boolean;
}
