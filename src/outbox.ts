import { Backlog } from './backlog.js';
import { leaveTogether } from './clock.js';
import type { Frame } from './contract.js';
import { frameLimit } from './encode.js';
import { joined, surelyFits } from './joined.js';
import type { Lanes } from './many/lanes.js';
import { unproved } from './rooms.js';
import type { Session } from './session.js';
import type { Flow } from './streams/flow.js';

/**
 * What leaves for one peer at the end of the turn: the frames of a turn go to the link together, in the order of the calls,
 * and earlier once there are enough bytes of them.
 */
export class Outbox {
  /** It begins within `accept`, and until that has returned nothing may be sent: at the latest, that is in this turn. */
  isHeld = true;
  /** How many bytes were collected and are not with the link yet. */
  collected = 0;
  /** Notifications that are kept for a slow peer, where there are any. */
  lanes: Lanes | undefined;
  /** The streams that run for the peer, once there was one. */
  flow: Flow | undefined;
  private frames: Frame[] = [];
  private leaving = true;
  private backlog: Backlog | undefined;

  constructor(private readonly session: Session) {
    leaveTogether(this);
  }

  /** Throws a ProtocolError, busy, if the peer has not read for so long that nothing more is kept for it. */
  put(frame: Frame): void {
    this.backlog?.check(this.collected);
    this.frames.push(frame);
    this.collected += frame.length;
    if (!this.leaving) {
      this.leaving = true;
      leaveTogether(this);
    } else if (this.collected > this.session.host.limits.tickBytes) this.send();
  }

  /** A sealed message, whose frames stay together; `plain` is what was sealed, where that is known. */
  putSealed(frames: readonly Frame[], _plain: Frame | undefined): void {
    for (const frame of frames) this.put(frame);
    if (this.session.link.bus === true) this.send();
  }

  /** The largest message, in bytes, that it takes. */
  get largest(): number {
    const { link, host } = this.session;
    return Math.min(link.maxFrame ?? host.limits.frameBytes, host.limits.frameBytes);
  }

  /** Up to how many bytes small messages are joined to one. */
  get joins(): number {
    return frameLimit(this.session);
  }

  /** Whether something waits for more than the end of the turn. */
  get waits(): boolean {
    return false;
  }

  /** The peer has echoed a token. Gives false where it was asked for none. */
  prove(_token: unknown): boolean {
    return false;
  }

  /** The turn is over. */
  flush(): void {
    this.leaving = false;
    this.isHeld = false;
    try {
      this.send();
    } catch (error) {
      // A link does not throw, nor does a codec that joins. If one does all the same, the others still get their frames.
      this.session.end(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Lets go what was collected. */
  send(): void {
    const { frames, session } = this;
    if (frames.length === 0 || this.isHeld) return;
    const { link, host } = session;
    const { collected } = this;
    this.frames = [];
    this.collected = 0;
    this.backlog?.sending();
    const joins = frames.length > 1 && session.agreed && link.packets === true && session.sealing === undefined;
    link.send(joins ? this.joined(frames, collected) : frames);
    if (session.over !== undefined) return;
    if (this.backlog !== undefined) this.backlog.sent();
    else if (link.buffered > host.limits.bufferedBytes) {
      this.backlog = new Backlog(session);
      session.crowded(true);
    }
  }

  /** The frames in as few as the link and the bounds allow; `collected` is their length in all. */
  private joined(frames: readonly Frame[], collected: number): readonly Frame[] {
    const { join } = this.session.host.codec;
    if (join === undefined) return frames;
    const limit = frameLimit(this.session);
    return surelyFits(frames.length, collected, limit) ? [join(frames)] : joined(join, frames, limit);
  }

  /** What was buffered has left. */
  drained(): void {
    if (this.backlog?.drained()) this.relieved();
    this.lanes?.flush();
    this.flow?.drained();
  }

  /** The link is about to end well: what was kept leaves too. */
  last(): void {
    this.lanes?.release();
    this.send();
  }

  /** Looks whether the peer still reads, and says when to look again: `Infinity` if there is no need. */
  due(now: number): number {
    if (this.backlog === undefined && this.lanes === undefined) return Number.POSITIVE_INFINITY;
    const at = this.backlog?.due(now);
    if (at === Number.POSITIVE_INFINITY) this.relieved();
    return Math.min(at ?? Number.POSITIVE_INFINITY, this.lanes?.due(now) ?? Number.POSITIVE_INFINITY);
  }

  private relieved(): void {
    this.backlog = undefined;
    this.session.crowded(false);
  }

  /** Nothing more leaves. */
  end(): void {
    this.frames = [];
    this.backlog = undefined;
    this.lanes = undefined;
    this.flow?.end();
  }
}

/** The outbox of a session: another one where its link asks for a proof of the address. */
export function outboxFor(session: Session): Outbox {
  const guarded = session.link.proved === undefined ? undefined : unproved.here;
  return guarded === undefined ? new Outbox(session) : new guarded.UnprovedOutbox(session);
}
