import type { Frame, Receiver } from '../../src/contract/contract.js';

/** Passes everything to the receiver of a link, and then reports its end. */
export class WatchedReceiver implements Receiver {
  readonly inputEnded?: () => void;

  constructor(
    private readonly receiver: Receiver,
    private readonly ended: (reason: Error | undefined) => void,
  ) {
    // If there is no such function, the link ends instead.
    if (receiver.inputEnded !== undefined) this.inputEnded = () => receiver.inputEnded?.();
  }

  get open(): number {
    return this.receiver.open ?? 0;
  }

  receive(frame: Frame): void {
    this.receiver.receive(frame);
  }

  drained(): void {
    this.receiver.drained();
  }

  closed(reason?: Error): void {
    this.receiver.closed(reason);
    this.ended(reason);
  }
}

/** The receiver of a link that is one too many, and is closed. */
export const deaf: Receiver = { receive() {}, drained() {}, closed() {} };
