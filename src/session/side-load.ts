import type { Frame, Memory } from '../contract/contract.js';
import { Code, ProtocolError } from '../contract/errors.js';
import { SideTurns } from './side-turns.js';

/** What a peer may hold while the side is loaded, in bytes, and is read all the same. */
const SMALL = 64 * 1024;

/** From this part of the bound on, short frames are weighed. */
const LOADED = 1 / 16;

/** What a side holds for one of its peers. */
export interface LoadedPeer {
  /** Who holds it. */
  readonly owner: {
    readonly link: { readonly peer: string; readonly buffered: number };
    readonly sink: { updateReading(): void; end(reason: Error): void };
  };
  /** All that is held, in bytes, and of that what the link has not sent. */
  readonly bytes: number;
  readonly unsent: number;
  /** So much has not left the link yet. */
  sees(buffered: number): void;
}

/**
 * The bytes that a side holds for all its peers: calls at work and in queues by what they cost decoded, answers that wait, what
 * is not sent yet, and partial frames. From half of the bound on, peers that hold much are not read, and partial frames get no more; above it,
 * the peer that holds the most is cut.
 */
export class SideLoad implements Memory {
  /** What is held now, in bytes. */
  total = 0;
  /** Frames that links have delivered, and that were given to them, since the side was made; and their length. */
  readonly traffic = { framesReceived: 0, framesSent: 0, bytesReceived: 0, bytesSent: 0 };
  /** The bound on the calls of all peers that run at a time; undefined where there is none. */
  readonly turns: SideTurns | undefined;
  private partial = 0;
  private readonly half: number;
  private readonly loaded: number;
  /** Of the sessions that have not ended. */
  readonly peers: Set<LoadedPeer> = new Set();
  /** Those that are not read at the moment. */
  private readonly pressed = new Set<LoadedPeer>();

  /** `limit`: the bound, in bytes; `calls`: how many calls of all peers run at a time. */
  constructor(
    readonly limit: number,
    calls: number = Number.POSITIVE_INFINITY,
  ) {
    if (calls !== Number.POSITIVE_INFINITY) this.turns = new SideTurns(calls);
    this.half = limit / 2;
    this.loaded = limit * LOADED;
  }

  /** A peer has come. */
  enter(peer: LoadedPeer): void {
    this.peers.add(peer);
  }

  /** A peer has gone: nothing is held for it. */
  leave(peer: LoadedPeer): void {
    // A peer that is cut leaves within the end of its session, and counts once.
    if (!this.peers.delete(peer)) return;
    this.pressed.delete(peer);
    this.add(-peer.bytes);
  }

  /** Counts what is held for a peer, or is not any longer. */
  add(bytes: number): void {
    this.total += bytes;
    if (bytes < 0 && this.pressed.size > 0) this.relax();
  }

  /** Counts frames that are given to a link; `bytes` is their length in all, where it is known; `count` is how many they are, if they are joined. */
  sends(frames: readonly Frame[], bytes?: number, count: number = frames.length): void {
    this.traffic.framesSent += count;
    if (bytes !== undefined) this.traffic.bytesSent += bytes;
    else for (const { length } of frames) this.traffic.bytesSent += length;
  }

  /** Whether so much fits in addition. */
  fits(bytes: number): boolean {
    if (this.total + bytes <= this.limit) return true;
    this.refresh();
    return this.total + bytes <= this.limit;
  }

  /**
   * Whether short frames are weighed as well. They may take ten times as much as the number of their calls counts: below this, that is no
   * more than the bound.
   */
  get isLoaded(): boolean {
    return this.total > this.loaded;
  }

  /** Whether the side holds so much that peers are not read. */
  get isTight(): boolean {
    return this.total > this.half;
  }

  /** Whether a peer is not to be read now; `pressed` is called when that has changed. */
  presses(peer: LoadedPeer): boolean {
    if (this.total <= this.half || peer.bytes <= SMALL) return false;
    this.pressed.add(peer);
    return true;
  }

  /** More is held than the bound allows: the peers that hold the most are cut, until the rest fits. */
  relieve(more = 0): void {
    this.refresh();
    while (this.total + more > this.limit) {
      let most: LoadedPeer | undefined;
      for (const peer of this.peers) if (most === undefined || peer.bytes > most.bytes) most = peer;
      if (most === undefined || most.bytes === 0) return;
      const { link } = most.owner;
      const text = `busy: ${link.peer} was disconnected: this side holds ${most.bytes} bytes for it, the most of all peers, and more than ${this.limit} for all (limits.totalBytes)`;
      most.owner.sink.end(new ProtocolError(text, Code.Busy));
      this.leave(most);
    }
  }

  // ---- partial frames -----------------------------------------------------------------------------------------------

  take(bytes: number): boolean {
    // Peers that send only the beginnings of frames take no memory from peers whose frames are complete.
    if (this.partial + bytes > this.half) return false;
    if (this.total + bytes > this.limit) this.relieve(bytes);
    this.partial += bytes;
    this.total += bytes;
    return true;
  }

  give(bytes: number): void {
    this.partial -= bytes;
    this.add(-bytes);
  }

  // -------------------------------------------------------------------------------------------------------------------

  /** What links have sent meanwhile counts no longer. */
  private refresh(): void {
    for (const peer of this.peers) if (peer.unsent > 0) peer.sees(peer.owner.link.buffered);
  }

  /** Less is held: from three eighths of the bound on, everybody is read again. */
  private relax(): void {
    if (this.total > 0.75 * this.half) return;
    const pressed = [...this.pressed];
    this.pressed.clear();
    for (const peer of pressed) peer.owner.sink.updateReading();
  }
}
