import type { Call, SecInfo } from './contract.js';
import type { Session } from './session.js';
import type { Peer, Sender } from './types.js';

/** A peer of a side: stable for as long as its session. */
export class ConnectedPeer implements Peer {
  /** Not to be seen by one who prints a peer: behind it lies the whole side. */
  declare readonly session: Session;
  declare private ended: (() => void)[] | undefined;

  constructor(
    session: Session,
    readonly id: string,
  ) {
    Object.defineProperty(this, 'session', { value: session });
    Object.defineProperty(this, 'ended', { value: undefined, writable: true });
  }

  close(reason?: Error): Promise<void> {
    if (this.session.over !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.ended ??= [];
      this.ended.push(resolve);
      this.session.end(reason);
    });
  }

  /** The session has ended. */
  gone(): void {
    const waiting = this.ended;
    this.ended = undefined;
    if (waiting !== undefined) for (const resolve of waiting) resolve();
  }
}

/** What a handler gets as its first argument. One for each call. */
export class CallSender implements Sender {
  constructor(
    readonly peer: ConnectedPeer,
    private readonly call: Call,
  ) {}

  get id(): string {
    return this.peer.id;
  }

  get secinfo(): SecInfo | undefined {
    return this.call.secinfo;
  }
}
