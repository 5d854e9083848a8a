import { Queue } from '../../base/queue.js';
import type { Frame } from '../../contract/contract.js';
import type { FilteredSender, FrameFilter, SealedFrames } from '../../session/frame-filter.js';
import type { DispatchedCall } from './dispatched-call.js';

/** What this needs of the session of a service. */
interface SealingSession {
  readonly filter: FrameFilter | undefined;
  readonly frameLimit: number;
  report(error: unknown): void;
}

/** A frame that is being sealed; with the last one of a call, the call leaves. */
interface Sealing {
  readonly call: DispatchedCall;
  readonly sealed: Frame[];
  readonly isLast: boolean;
}

/**
 * Calls that a security seals before they leave one by one. A security keeps the order, so what it has sealed belongs to the first call that
 * waits here; the header that it adds leaves with its message.
 */
export class SealedCalls implements FilteredSender {
  private readonly waiting = new Queue<Sealing>();
  /** The frame that is being posted. */
  private next: Sealing | undefined;

  /** `leave` is called with each call, sealed, in their order. */
  constructor(
    private readonly session: SealingSession,
    private readonly leave: (call: DispatchedCall, frames: readonly Frame[]) => void,
  ) {}

  /** Seals a call. Throws what the security throws at once; what it rejects with later goes to `failed`, or is reported. */
  post(call: DispatchedCall, frames: readonly Frame[], failed?: (error: unknown) => void): void {
    const { session } = this;
    const sealed: Frame[] = [];
    for (const [at, frame] of frames.entries()) {
      const sealing: Sealing = { call, sealed, isLast: at === frames.length - 1 };
      this.next = sealing;
      try {
        session.filter?.post(frame, failed ?? ((error) => session.report(error)));
        // It was not put at once: it waits.
        if (this.next === sealing) this.waiting.push(sealing);
      } finally {
        this.next = undefined;
      }
    }
  }

  readonly sendQueue = {
    hello: undefined,
    skip: (): void => void this.waiting.shift(),
    putSealed: (frames: SealedFrames): void => {
      const sealing = this.next ?? this.waiting.shift();
      this.next = undefined;
      if (sealing === undefined) return;
      sealing.sealed.push(...frames);
      if (sealing.isLast) this.leave(sealing.call, sealing.sealed);
    },
  };

  get frameLimit(): number {
    return this.session.frameLimit;
  }

  report(error: unknown): void {
    this.session.report(error);
  }
}
