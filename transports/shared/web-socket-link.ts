import type { Accept, Frame, Limits, Link, LinkInfo, Receiver, Wire } from '../../src/contract/contract.js';
import { ConnectionLost } from '../../src/contract/errors.js';
import type { PartialFrames } from './partial-frames.js';
import { linger } from './web-socket-ends.js';

/** Who keeps the links of a transport. */
export interface LinkKeeper {
  readonly wire: Wire;
  /** After how many milliseconds of silence a peer is asked whether it is still there; undefined is never. */
  readonly keepAlive: number | undefined;
  /** The largest message, in bytes, that its links read. */
  readonly frameBytes: number;
  /** What watches partial messages; undefined where the runtime does not show them. */
  readonly partial: PartialFrames | undefined;
  /** Called once, when nothing is left of the link; `Receiver.closed` has been told by then. */
  gone(link: WebSocketLink): void;
}

/** What the links over both implementations share: one WebSocket message for each frame, and an end that is told once. */
export abstract class WebSocketLink implements Link {
  readonly peer: string;
  readonly agreed: boolean;
  protected readonly keeper: LinkKeeper;
  /**
   * `ending` when `close()` was called and what is left goes out, `over` when `closed` has been told: in neither anything
   * is delivered or sent any more.
   */
  protected state: 'open' | 'ending' | 'over' = 'open';
  protected receiver: Receiver | undefined = undefined;
  private reason: Error | undefined = undefined;
  private stopWatch: (() => void) | undefined = undefined;

  protected constructor(peer: string, agreed: boolean, keeper: LinkKeeper) {
    this.peer = peer;
    this.agreed = agreed;
    this.keeper = keeper;
  }

  abstract readonly buffered: number;
  abstract readonly info: LinkInfo;
  abstract send(frames: readonly Frame[]): void;
  abstract pause(): void;
  abstract resume(): void;
  /** Asks for the receiver and begins to read; in the tick in which the handshake was completed. */
  abstract start(accept: Accept): void;
  /** Begins the closing handshake, after everything that was sent. */
  protected abstract finish(): void;
  /** Ends at once; what has not left is lost. */
  protected abstract cut(reason: Error): void;
  /** The peer does not end its side: `freed` follows, whatever it does. */
  protected abstract abandon(): void;

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
    // Closed for a reason from within `accept`: there was nobody to tell yet.
    if (this.state === 'over') receiver.closed(this.reason);
  }

  protected tell(reason: Error | undefined): void {
    if (this.state === 'over') return;
    this.state = 'over';
    this.reason = reason;
    this.receiver?.closed(reason);
  }

  /** Gives the end a bounded time. */
  protected watch(): void {
    this.stopWatch ??= linger(this, this.limits.stalledMs, () => this.expire());
  }

  /** Nothing is left of the WebSocket. */
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
        : new ConnectionLost(`the link to ${this.peer} was lost: the last ${left} bytes were not taken in time`),
    );
    this.abandon();
  }
}
