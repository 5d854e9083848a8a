import type { LoadedPeer, SideLoad } from './side-load.js';

/** Whose load it is: the connection over which the session is. */
export interface PeerLoadOwner {
  readonly link: { readonly peer: string; readonly buffered: number };
  readonly sink: {
    /** Looks again whether to read on. */
    updateReading(): void;
    end(reason: Error): void;
  };
}

/** What a side holds for one peer, in bytes. */
export class PeerLoad implements LoadedPeer {
  /** Calls at work and in queues, and answers that wait. */
  held = 0;
  /** What was given to the link and has not left, as last seen. */
  unsent = 0;
  private gone = false;

  constructor(
    public owner: PeerLoadOwner,
    private readonly side: SideLoad,
  ) {}

  /** All that is held. */
  get bytes(): number {
    return this.held + this.unsent;
  }

  /** So much is held in addition. The session may be ended within this call. */
  take(bytes: number): void {
    if (this.gone) return;
    // Most peers of one message never hold anything.
    if (this.bytes === 0) this.side.enter(this);
    this.held += bytes;
    this.side.add(bytes);
    if (this.side.isTight) this.press();
  }

  /** So much is held no longer. */
  give(bytes: number): void {
    if (this.gone) return;
    this.held -= bytes;
    this.side.add(-bytes);
  }

  /** So much has not left the link yet. The session may be ended within this call. */
  sees(buffered: number): void {
    if (this.gone || buffered === this.unsent) return;
    if (this.bytes === 0) this.side.enter(this);
    const more = buffered - this.unsent;
    this.unsent = buffered;
    this.side.add(more);
    if (more > 0 && this.side.isTight) this.press();
  }

  /** Whether the side holds enough that short messages matter as well. */
  get isLoaded(): boolean {
    return this.side.isLoaded;
  }

  /** Whether so much more fits into what the side may hold. */
  fits(bytes: number): boolean {
    return this.side.fits(bytes);
  }

  /** Whether the side holds so much, also for this peer, that it is not to be read. */
  get isPressed(): boolean {
    return this.side.presses(this);
  }

  /** The session has ended. */
  end(): void {
    if (this.gone) return;
    this.side.leave(this);
    this.gone = true;
  }

  private press(): void {
    if (this.side.total > this.side.limit) this.side.relieve();
    if (!this.gone) this.owner.sink.updateReading();
  }
}
