import { afterTurn } from '../../base/time.js';
import type { ActiveCall, StartingCalls } from '../../session/session.js';

/** What the calls that come early need of their side. */
interface OpeningSide {
  /** Whether a handler is connected to the method. */
  hasHandler(method: string): boolean;
}

/**
 * The calls of a peer that come while `begin` runs and the side is not open yet: who opens it may still add handlers. They start in their
 * order once it is open; until one has to wait, those start at once whose handlers are there.
 */
export class EarlyCalls implements StartingCalls {
  readonly started: Promise<void>;
  private isWaiting = false;
  private open!: () => void;

  constructor(private readonly side: OpeningSide) {
    this.started = new Promise((resolve) => {
      this.open = resolve;
    });
  }

  start({ call, peer }: ActiveCall, start: () => unknown): unknown {
    if (!this.isWaiting && this.side.hasHandler(call.method)) return start();
    this.isWaiting = true;
    return this.started.then(() => {
      const { ended } = peer.session;
      if (ended !== undefined) throw ended;
      return start();
    });
  }

  /** The side is open: who has opened it has a turn to add handlers. `then` is called before the first call starts. */
  release(then: () => void): void {
    afterTurn(() => {
      then();
      this.open();
    });
  }
}
