import { clearTimer, setTimer, type Timer, time } from '../../base/time.js';
import { ConnectionLost } from '../../contract/errors.js';
import type { RpcSession } from '../../session/rpc-session.js';
import { leftBy } from '../../session/system/leaving.js';
import type { Peer } from '../../types/peers.js';
import type { Visitor } from '../../types/resume.js';
import type { Fresh } from './hello-field.js';
import type { AwaySession } from './journal-session.js';
import { SessionJournal } from './session-journal.js';

/** What a session of who listens needs of the gate. */
export interface ResumableOwner {
  readonly resuming: { readonly hold: number; readonly bytes: number };
  /** It has lost its link. */
  parked(session: ResumableSession, reason: Error | undefined): void;
  /** A message is about to be added to so many bytes that are kept for a peer that is away. */
  grows(session: ResumableSession, bytes: number): void;
  /** Its peer begins nothing more in it. */
  peerLeaves(session: ResumableSession): void;
  /** It has ended: nobody can resume it. */
  sessionEnded(session: ResumableSession): void;
}

/** A session of who listens that goes on over another link when its own has ended. */
export class ResumableSession implements AwaySession {
  readonly journal: SessionJournal;
  /** Since when it has no link; undefined while it has one. */
  awaySince: number | undefined;
  /** How many bytes are kept while it has none. */
  bytes = 0;
  readonly again = true;
  /** Why it ends. */
  why: Fresh = 'closed';
  /** Ends it, once its peer leaves it. */
  private timer: Timer | undefined;

  /**
   * `dial`: the number of the last hello. `visitor`: who has begun the session; `peerBytes`: how many bytes the peer keeps unacknowledged.
   */
  constructor(
    readonly session: RpcSession,
    readonly token: string,
    public dial: number,
    readonly visitor: Visitor,
    peerBytes: number,
    private readonly owner: ResumableOwner,
  ) {
    this.journal = new SessionJournal(session, owner.resuming.bytes, peerBytes, this);
    leftBy.set(session, (ms) => this.peerLeaves(ms));
  }

  get peer(): Peer {
    return this.session.peer as Peer;
  }

  /** How much was spoken in it: who comes only to be kept has said little. */
  get spoken(): number {
    const { got, sent } = this.journal.numbers;
    return got + sent;
  }

  /** The peer leaves it, in so many milliseconds at the latest. */
  private peerLeaves(ms: number): void {
    if (this.timer !== undefined) return;
    const late = (): void =>
      this.session.end(new ConnectionLost(`${this.peer.id} has left the session, which did not end within ${ms} ms`));
    this.timer = setTimer(ms, late).unref();
    this.owner.peerLeaves(this);
  }

  away(reason: Error | undefined): void {
    this.awaySince = time();
    this.measure();
    this.owner.parked(this, reason);
  }

  /** Counts what is kept for it. */
  measure(): void {
    this.bytes = this.session.sendQueue.collected + this.journal.numbers.keptBytes;
  }

  waits(bytes: number): void {
    this.owner.grows(this, bytes);
  }

  ended(): void {
    clearTimer(this.timer);
    this.owner.sessionEnded(this);
  }
}
