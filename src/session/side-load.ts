import type { Frame, Memory } from '../contract/contract.js';
import { Code, ProtocolError } from '../contract/errors.js';
import { SideTurns } from './incoming-calls/side-turns.js';

/** A peer for which no more bytes than this are held is read, however much the side holds for others. */
const SMALL = 64 * 1024;

/** Above this part of the bound, short frames are weighed too. */
const LOADED = 1 / 16;

/** What a side holds for one of its peers. */
export interface LoadedPeer {
  /** The connection of the peer. */
  readonly owner: {
    readonly link: { readonly peer: string; readonly buffered: number };
    readonly sink: { updateReading(): void; end(reason: Error): void };
  };
  /** All bytes that are held, and those of them that the link has not sent. */
  readonly bytes: number;
  readonly unsent: number;
  /** Sets how many bytes the link has not sent. */
  setUnsent(buffered: number): void;
}

/**
 * The bytes that a side holds for all its peers: calls that run or wait, by what they take decoded; replies that wait; frames that
 * are not sent; and partial frames. Above half of the bound, peers for which much is held are not read, and partial frames may not grow.
 * Above the bound, the session for which the most is held ends.
 */
export class SideLoad implements Memory {
  /** How many bytes are held now. */
  total = 0;
  /** Frames that links have delivered, and that were given to them, since the side was made; and their length. */
  readonly traffic = { framesReceived: 0, framesSent: 0, bytesReceived: 0, bytesSent: 0 };
  /** The bound on the calls of all peers that run at a time; undefined where there is none. */
  readonly turns: SideTurns | undefined;
  private partial = 0;
  private readonly pauseAbove: number;
  private readonly weighAbove: number;
  /** Of sessions that have not ended. */
  readonly peers: Set<LoadedPeer> = new Set();
  /** Peers that are not read at the moment. */
  private readonly paused = new Set<LoadedPeer>();

  /** `limit`: the bound, in bytes; `calls`: how many calls of all peers run at a time. */
  constructor(
    readonly limit: number,
    calls: number = Number.POSITIVE_INFINITY,
  ) {
    if (calls !== Number.POSITIVE_INFINITY) this.turns = new SideTurns(calls);
    this.pauseAbove = limit / 2;
    this.weighAbove = limit * LOADED;
  }

  /** Something is held for a peer from now on. */
  addPeer(peer: LoadedPeer): void {
    this.peers.add(peer);
  }

  /** The session of a peer has ended: nothing is held for it. */
  removePeer(peer: LoadedPeer): void {
    // Ending the session of a peer removes it too; it is subtracted once.
    if (!this.peers.delete(peer)) return;
    this.paused.delete(peer);
    this.add(-peer.bytes);
  }

  /** Counts bytes that are held for a peer, or, if negative, are held no longer. */
  add(bytes: number): void {
    this.total += bytes;
    if (bytes < 0 && this.paused.size > 0) this.resumeReading();
  }

  /** Counts frames that are given to a link. `bytes`: their total length, where it is known; `count`: how many there are, if they are joined. */
  countSent(frames: readonly Frame[], bytes?: number, count: number = frames.length): void {
    this.traffic.framesSent += count;
    if (bytes !== undefined) this.traffic.bytesSent += bytes;
    else for (const { length } of frames) this.traffic.bytesSent += length;
  }

  /** Whether so many more bytes fit. */
  fits(bytes: number): boolean {
    if (this.total + bytes <= this.limit) return true;
    this.refreshUnsent();
    return this.total + bytes <= this.limit;
  }

  /**
   * Whether short frames are weighed too. Decoded, they may take ten times as many bytes as are counted for their calls: as long as this
   * is false, that is below the bound.
   */
  get isLoaded(): boolean {
    return this.total > this.weighAbove;
  }

  /** Whether the side holds so much that reading from peers may have to pause. */
  get isHalfFull(): boolean {
    return this.total > this.pauseAbove;
  }

  /** Whether reading from a peer must pause now. If so, its `updateReading` is called once that has changed. */
  mustPause(peer: LoadedPeer): boolean {
    if (this.total <= this.pauseAbove || peer.bytes <= SMALL) return false;
    this.paused.add(peer);
    return true;
  }

  /** Ends the sessions for which the most is held, until the rest and `more` fit into the bound. */
  endHeaviestPeers(more = 0): void {
    this.refreshUnsent();
    while (this.total + more > this.limit) {
      let most: LoadedPeer | undefined;
      for (const peer of this.peers) if (most === undefined || peer.bytes > most.bytes) most = peer;
      if (most === undefined || most.bytes === 0) return;
      const { link } = most.owner;
      const text = `busy: ${link.peer} was disconnected: this side holds ${most.bytes} bytes for it, the most of all peers, and more than ${this.limit} for all (limits.totalBytes)`;
      most.owner.sink.end(new ProtocolError(text, Code.Busy));
      this.removePeer(most);
    }
  }

  // ---- partial frames -----------------------------------------------------------------------------------------------

  reserve(bytes: number): boolean {
    // Peers that send only the beginnings of frames must not use up the memory of peers whose frames are complete.
    if (this.partial + bytes > this.pauseAbove) return false;
    if (this.total + bytes > this.limit) this.endHeaviestPeers(bytes);
    this.partial += bytes;
    this.total += bytes;
    return true;
  }

  release(bytes: number): void {
    this.partial -= bytes;
    this.add(-bytes);
  }

  // -------------------------------------------------------------------------------------------------------------------

  /** Subtracts what links have sent meanwhile. */
  private refreshUnsent(): void {
    for (const peer of this.peers) if (peer.unsent > 0) peer.setUnsent(peer.owner.link.buffered);
  }

  /** Less is held: at three eighths of the bound, all peers are read again. */
  private resumeReading(): void {
    if (this.total > 0.75 * this.pauseAbove) return;
    const pressed = [...this.paused];
    this.paused.clear();
    for (const peer of pressed) peer.owner.sink.updateReading();
  }
}
