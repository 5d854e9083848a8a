import type { Frame, Message, Outbound } from '../contract/contract.js';

/** One stage, or several in their order: the first one outgoing is next to the codec, the first one incoming next to the wire. */
export type Stage<T> = ((item: T) => T | void) | readonly ((item: T) => T | void)[];

/**
 * What becomes of what passes the codec, in both directions. A stage is synchronous; it gives what stands in the place of what it
 * was given, and undefined leaves it as it is. What an outgoing one throws makes the call fail, what an incoming one throws
 * counts as a frame that cannot be read.
 */
export interface Stages {
  /** After the codec: what it has made of one message. */
  readonly outgoing?: Stage<Frame>;
  /** Before the codec: one frame as it has come. Where the codec packs them, it holds several messages. */
  readonly incoming?: Stage<Frame>;
  /**
   * What the frames are after the stages, where these make others of them: text or bytes. Each frame is one message then. On a byte
   * stream bytes are framed by `length`, text as the codec frames it: what stages make for `lines` or `nul` must not hold that
   * delimiter. Without it stages look on: one that gives another frame is refused.
   */
  readonly form?: 'text' | 'bytes';
  /** Messages, before the codec encodes them and after it has decoded them. */
  readonly messages?: {
    readonly outgoing?: Stage<Outbound>;
    readonly incoming?: Stage<Message>;
  };
}
