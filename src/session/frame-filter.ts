import type { Frame, Message } from '../contract/contract.js';

/** A sealed message as it travels: its header, unless there is nothing to say, and the message. */
export type SealedFrames = readonly Frame[];

/** What stands between a session and its link: frames pass it in both directions, and keep their order. */
export interface FrameFilter {
  /** Whether frames still wait to leave. */
  readonly isSealing: boolean;
  /** How many bytes wait to leave. */
  readonly bytes: number;
  /** Calls back when no frame waits to leave. */
  whenSealed(then: () => void): void;
  /** Lets a frame leave. Throws what the filter throws at once; what it rejects with later goes to `failed`. */
  post(frame: Frame, failed: (error: unknown) => void): void;
  /** Lets a message leave that was sealed for several receivers, after those that were posted before. */
  postSealed(frames: SealedFrames | Promise<SealedFrames>): void;
  /** Takes a frame that has arrived. */
  receive(frame: Frame): void;
  /** Refuses a message that is at its turn to be dispatched, and returns true; false if it may be dispatched. */
  refuses(message: Message): boolean;
}
