import type { Envelope, Link, LinkInfo, Receiver } from '../../../src/contract/contract.js';

/** What the link needs of its transport. */
export interface BalanceHub {
  /** The addresses of the parts. */
  readonly addresses: readonly string[];
  /** Whether a part can have a call. */
  readonly isUp: boolean;
  choose(call: Envelope): Link | Error;
  /** The link has ended: no part is dialed any more. */
  linkEnded(): void;
}

/** The one link that a side has: its peer is all parts together. What is sent leaves over the links of the parts. */
export class BalanceLink implements Link {
  readonly peer = 'balance';
  readonly dialed = true;
  readonly anycast = true;
  readonly buffered = 0;
  receiver: Receiver | undefined;
  private isOver = false;

  constructor(private readonly hub: BalanceHub) {}

  get away(): boolean {
    return !this.hub.isUp;
  }

  get info(): LinkInfo {
    return { parts: this.hub.addresses };
  }

  choose(call: Envelope): Link | Error {
    return this.hub.choose(call);
  }

  /** All that leaves has a part. */
  send(): void {}
  pause(): void {}
  resume(): void {}

  close(reason?: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.hub.linkEnded();
    queueMicrotask(() => this.receiver?.closed(reason));
  }
}
