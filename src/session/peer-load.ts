import type { LoadedPeer, SideLoad } from './side-load.js';

/** The connection of the session. */
export interface PeerLoadOwner {
  readonly link: { readonly peer: string; readonly buffered: number };
  readonly sink: {
    /** Checks again whether to read from the peer. */
    updateReading(): void;
    end(reason: Error): void;
  };
}

/** What a side holds for one peer, in bytes. */
export class PeerLoad implements LoadedPeer {
  /** Bytes of calls that run or wait, and of replies that wait. */
  held = 0;
  /** Bytes that were given to the link and not sent, when this was last read. */
  unsent = 0;
  private ended = false;

  constructor(
    public owner: PeerLoadOwner,
    private readonly side: SideLoad,
  ) {}

  /** All that is held. */
  get bytes(): number {
    return this.held + this.unsent;
  }

  /** Counts bytes that are held in addition. The session may end within this call. */
  add(bytes: number): void {
    if (this.ended) return;
    // For most sessions of one message nothing is ever held.
    if (this.bytes === 0) this.side.addPeer(this);
    this.held += bytes;
    this.side.add(bytes);
    if (this.side.isHalfFull) this.checkBound();
  }

  /** Counts bytes that are held no longer. */
  subtract(bytes: number): void {
    if (this.ended) return;
    this.held -= bytes;
    this.side.add(-bytes);
  }

  /** Sets how many bytes the link has not sent. The session may end within this call. */
  setUnsent(buffered: number): void {
    if (this.ended || buffered === this.unsent) return;
    if (this.bytes === 0) this.side.addPeer(this);
    const more = buffered - this.unsent;
    this.unsent = buffered;
    this.side.add(more);
    if (more > 0 && this.side.isHalfFull) this.checkBound();
  }

  /** Whether the side holds so much that short frames are weighed too. */
  get isLoaded(): boolean {
    return this.side.isLoaded;
  }

  /** Whether so many more bytes fit into the bound of the side. */
  fits(bytes: number): boolean {
    return this.side.fits(bytes);
  }

  /** Whether reading from this peer must pause: the side holds much, and much of it for this peer. */
  get mustPause(): boolean {
    return this.side.mustPause(this);
  }

  /** The session has ended. */
  end(): void {
    if (this.ended) return;
    this.side.removePeer(this);
    this.ended = true;
  }

  private checkBound(): void {
    if (this.side.total > this.side.limit) this.side.endHeaviestPeers();
    if (!this.ended) this.owner.sink.updateReading();
  }
}
