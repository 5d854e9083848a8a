import type { Frame, Message } from '../contract/contract.js';
import type { ProtocolError } from '../contract/errors.js';
import type { AwaitedHello } from './sending/frame-limits.js';

/** A sealed message as it travels: its header, unless there is nothing to say, and the message. */
export type SealedFrames = readonly Frame[];

/** Whose messages leave through a filter. */
export interface FilteredSender {
  readonly sendQueue: {
    readonly hello: AwaitedHello | undefined;
    /** A message that was posted is not sent after all. */
    skip?(): void;
    putSealed(frames: SealedFrames, plain: Frame | undefined): void;
  };
  /** The largest frame, in bytes, that may leave now. */
  readonly frameLimit: number;
  report(error: unknown): void;
}

/** A layer between a connection and its link: frames pass it in both directions, and keep their order. */
export interface FrameFilter {
  /** Set by the owner of the connection, before anything is sent. */
  sender: FilteredSender;
  /** Whether frames still wait to leave. */
  readonly isSealing: boolean;
  /** How many messages of the sender wait to leave, and how many bytes. */
  readonly waiting: number;
  readonly bytes: number;
  /** Calls back when no frame waits to leave. */
  whenSealed(then: () => void): void;
  /** Lets a frame leave. Throws what the filter throws at once; what it rejects with later goes to `failed`. */
  post(frame: Frame, failed: (error: unknown) => void): void;
  /**
   * Lets a frame of the connection itself leave, such as `rpc.hello`: at its turn it goes to the connection, past what the sender has
   * collected. `failed` as for `post`; by default it is reported.
   */
  control(frame: Frame, failed?: (error: unknown) => void): void;
  /** Lets a message leave that was sealed for several receivers, after those that were posted before; `plain` is what was sealed. */
  postSealed(frames: SealedFrames | Promise<SealedFrames>, plain: Frame): void;
  /** Lets frames leave that have waited for the connection, however many there are. Those that cannot be sealed are reported. */
  postAll(frames: readonly Frame[]): void;
  /** The connection has ended: returns what has not left yet, as it was before the filter, and sends nothing more. */
  takeBack(): readonly Frame[];
  /** Takes a frame that has arrived. */
  receive(frame: Frame): void;
  /** Why a message is refused that is at its turn to be dispatched; undefined if it may be dispatched. */
  refuses(message: Message): ProtocolError | undefined;
}
