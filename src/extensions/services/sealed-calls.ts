import { Queue } from '../../base/queue.js';
import type { Frame } from '../../contract/contract.js';
import type { FilteredSender, FrameFilter, SealedFrames } from '../../session/frame-filter.js';
import type { DispatchedCall } from './dispatched-call.js';

/** What this needs of the session of a service. */
interface SealingSession {
  readonly frameLimit: number;
  report(error: unknown): void;
}

/** A call that is being sealed: its frames leave together or not at all. */
interface Sealing {
  readonly call: DispatchedCall;
  readonly sealed: Frame[];
  /** How many of its frames are not sealed yet; never 0 once one of them could not be sealed. */
  left: number;
}

/**
 * Calls that a security seals before they leave one by one. A security keeps the order, so what it has sealed belongs to the first frame
 * that waits here; the header that it adds leaves with its message.
 */
export class SealedCalls implements FilteredSender {
  /** For each frame that waits to be sealed, its call. */
  private readonly waiting = new Queue<Sealing>();
  /** The call whose frame is being posted. */
  private next: Sealing | undefined;

  /** `leave` is called with each call, sealed, in their order. */
  constructor(
    private readonly session: SealingSession,
    private readonly filter: FrameFilter,
    private readonly leave: (call: DispatchedCall, frames: readonly Frame[]) => void,
  ) {
    filter.sender = this;
  }

  /** Seals a call. Throws what the security throws at once; what it rejects with later goes to `failed`, or is reported. */
  post(call: DispatchedCall, frames: readonly Frame[], failed?: (error: unknown) => void): void {
    const sealing: Sealing = { call, sealed: [], left: frames.length };
    for (const frame of frames) {
      this.next = sealing;
      try {
        this.filter.post(frame, failed ?? ((error) => this.report(error)));
        // It was not put at once: it waits.
        if (this.next !== undefined) this.waiting.push(sealing);
      } finally {
        this.next = undefined;
      }
    }
  }

  readonly sendQueue = {
    hello: undefined,
    skip: (): void => {
      const sealing = this.waiting.shift();
      if (sealing !== undefined) sealing.left = Number.POSITIVE_INFINITY;
    },
    putSealed: (frames: SealedFrames): void => {
      const sealing = this.next ?? this.waiting.shift();
      this.next = undefined;
      if (sealing === undefined) return;
      sealing.sealed.push(...frames);
      if (--sealing.left === 0) this.leave(sealing.call, sealing.sealed);
    },
  };

  get frameLimit(): number {
    return this.session.frameLimit;
  }

  report(error: unknown): void {
    this.session.report(error);
  }
}
