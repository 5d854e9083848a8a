import type { Accept, Frame, Limits, Link, LinkInfo, Receiver, Wire } from '../../../src/contract/contract.js';
import { ConnectionLost } from '../../../src/contract/errors.js';
import type { PartialFrames } from '../partial-frames.js';
import { linger } from './ends.js';

/** The transport of the links. */
export interface LinkKeeper {
  readonly wire: Wire;
  /** After how many milliseconds of silence a peer is pinged; undefined means never. */
  readonly keepAlive: number | undefined;
  /** The largest message, in bytes, that its links accept. */
  readonly frameBytes: number;
  /** Watches partial messages; undefined if the runtime does not show them. */
  readonly partial: PartialFrames | undefined;
  /** Called once, when everything of the link is released; `Receiver.closed` was called before. */
  gone(link: WebSocketLink): void;
}

/**
 * What the links over both implementations share: one WebSocket message for each frame, and an end that is reported
 * once.
 */
export abstract class WebSocketLink implements Link {
  readonly peer: string;
  readonly agreed?: boolean;
  protected readonly keeper: LinkKeeper;
  /**
   * `ending` after `close()`, while the remaining bytes are sent; `over` after `closed` was called: in both, nothing is
   * delivered or sent any more.
   */
  protected state: 'open' | 'ending' | 'over' = 'open';
  protected receiver: Receiver | undefined = undefined;
  private reason: Error | undefined = undefined;
  private stopWatch: (() => void) | undefined = undefined;

  /** `agreed`: undefined if no handshake of this side has shown who the peer is. */
  protected constructor(peer: string, agreed: boolean | undefined, keeper: LinkKeeper) {
    this.peer = peer;
    if (agreed !== undefined) this.agreed = agreed;
    this.keeper = keeper;
  }

  abstract readonly buffered: number;
  abstract readonly info: LinkInfo;
  abstract send(frames: readonly Frame[]): void;
  abstract pause(): void;
  abstract resume(): void;
  /** Obtains the receiver and starts to read; in the tick in which the handshake was completed. */
  abstract start(accept: Accept): void;
  /** Begins the closing handshake, after everything that was sent. */
  protected abstract finish(): void;
  /** Ends immediately; unsent bytes are lost. */
  protected abstract cut(reason: Error): void;
  /** The peer does not end its side: `freed` follows in any case. */
  protected abstract abandon(): void;

  get dialed(): boolean {
    return !this.keeper.wire.listen;
  }

  get moved(): number {
    return 0;
  }

  get frameBytes(): number {
    return this.keeper.frameBytes;
  }

  get packets(): boolean {
    return true;
  }

  close(reason?: Error): void {
    if (this.state === 'over') return;
    if (reason !== undefined) {
      this.cut(reason);
      this.tell(reason);
    } else if (this.state === 'open') {
      this.state = 'ending';
      this.finish();
      this.watch();
    }
  }

  protected get limits(): Limits {
    return this.keeper.wire.limits;
  }

  protected attach(accept: Accept): void {
    const receiver = accept(this);
    this.receiver = receiver;
    // Closed with a reason from within `accept`: there was no receiver yet.
    if (this.state === 'over') receiver.closed(this.reason);
  }

  protected tell(reason: Error | undefined): void {
    if (this.state === 'over') return;
    this.state = 'over';
    this.reason = reason;
    this.receiver?.closed(reason);
  }

  /** Limits the time for the end. */
  protected watch(): void {
    this.stopWatch ??= linger(this, this.limits.stalledMs, () => this.expire());
  }

  /** Everything of the WebSocket is released. */
  protected freed(reason: Error | undefined): void {
    this.stopWatch?.();
    this.tell(reason);
    this.keeper.gone(this);
  }

  private expire(): void {
    const left = this.buffered;
    this.tell(
      left === 0
        ? undefined
        : new ConnectionLost(`the link to ${this.peer} was lost: the last ${left} bytes were not sent in time`),
    );
    this.abandon();
  }
}
