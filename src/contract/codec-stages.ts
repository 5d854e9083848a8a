import type { Frame, Message, Outbound } from './contract.js';

/**
 * One stage, or several in order: the first outgoing stage is next to the codec, the first incoming one next to the
 * link.
 */
export type Stage<T> = ((item: T) => T | void) | readonly ((item: T) => T | void)[];

/**
 * Stages that process what passes the codec, in both directions. A stage is synchronous; it returns a replacement for
 * its argument, or undefined to leave it unchanged. If an outgoing stage throws, the call fails; if an incoming one
 * throws, the frame counts as one that cannot be read.
 */
export interface Stages {
  /** After the codec: the encoding of one message. */
  readonly outgoing?: Stage<Frame>;
  /** Before the codec: one received frame. If the codec packs frames, it contains several messages. */
  readonly incoming?: Stage<Frame>;
  /**
   * The form of the frames after the stages, if these change them: text or bytes. Each frame is then one message. On a
   * byte stream, bytes are framed by `length`, and text as the codec frames it: for `lines` or `nul`, the result must
   * not contain the delimiter. Without this option stages only observe: one that returns another frame is refused.
   */
  readonly form?: 'text' | 'bytes';
  /** Messages, before the codec encodes them and after it has decoded them. */
  readonly messages?: {
    readonly outgoing?: Stage<Outbound>;
    readonly incoming?: Stage<Message>;
  };
}
