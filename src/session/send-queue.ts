import { leaveTogether } from '../base/clock.js';
import type { Codec, Frame } from '../contract/contract.js';
import { Code, ProtocolError, type RpcError } from '../contract/errors.js';
import type { FrameFilter } from './frame-filter.js';
import { type AwaitedHello, UNASKED } from './frame-limits.js';
import { joined, surelyFits } from './joined-frames.js';
import { LEAST_PART, PartSize } from './part-size.js';
import type { PeerLoad } from './peer-load.js';
import type { SessionPart } from './session-part.js';
import type { SideLoad } from './side-load.js';
import { StallDetector, type StallDetectorOwner } from './stall-detector.js';

/** Messages of a turn are joined up to so many bytes: more gains nothing, and the peer may not have said yet what it reads. */
const JOINED = 256 * 1024;
/** What a link keeps for a moment, in bytes, is not counted. */
const UNSENT = 16 * 1024;

/** What the queue needs of its session. */
export interface SendQueueOwner extends StallDetectorOwner {
  readonly host: StallDetectorOwner['host'] & { readonly codec: Codec; readonly load: SideLoad };
  readonly load: PeerLoad;
  readonly over: RpcError | undefined;
  readonly agreed: boolean;
  readonly sealing: FrameFilter | undefined;
  readonly frameLimit: number;
  /** Whether the peer leaves unread what this side sends. */
  crowded(crowded: boolean): void;
}

/**
 * What leaves for one peer at the end of the turn: the frames of a turn go to the link together, in the order of the calls,
 * and earlier once there are enough bytes of them.
 */
export class SendQueue {
  /** It begins within `accept`, and until that has returned nothing may be sent: at the latest, that is in this turn. */
  isHeld = true;
  /** How many bytes were collected and are not with the link yet. */
  collected = 0;
  /** From how many bytes on, what was collected leaves before the end of the turn. */
  private leaveAt: number;
  /** Finds that size, once a turn was long enough to leave in parts: most links never need it. */
  private part: PartSize | undefined;
  /** What extensions keep for the session; undefined if nothing. */
  private parts: SessionPart[] | undefined;
  private frames: Frame[] = [];
  private leaving = true;
  private backlog: StallDetector | undefined;
  /** The largest frame, in bytes, that may leave: by our own bound, and by that of the peer once it has said it. */
  limit: number;
  /** On a link that this side has dialed: until the peer has said hello. */
  hello: AwaitedHello | undefined;

  constructor(private readonly session: SendQueueOwner) {
    const { sentFrameBytes, tickBytes } = session.host.limits;
    this.limit = sentFrameBytes;
    this.leaveAt = tickBytes;
    leaveTogether(this);
  }

  /**
   * Throws a ProtocolError, busy, if nothing more is kept: the peer has not read for so long, or the side holds too much for
   * all its peers. `failed` is told of a frame that was kept first and then not sent.
   */
  put(frame: Frame, failed?: (error: unknown) => void): void {
    this.backlog?.check(this.collected);
    if (frame.length > UNASKED) this.checkTotal(frame);
    if (this.hello?.keeps(frame, failed)) return;
    this.frames.push(frame);
    this.collected += frame.length;
    if (!this.leaving) {
      this.leaving = true;
      leaveTogether(this);
    } else if (this.collected > this.leaveAt) this.send();
  }

  /** A sealed message, whose frames stay together; `plain` is what was sealed, where that is known. */
  putSealed(frames: readonly Frame[], _plain: Frame | undefined): void {
    for (const frame of frames) this.put(frame);
    if (this.session.link.bus === true) this.send();
  }

  /** The largest message, in bytes, that it takes. */
  get largest(): number {
    const { maxFrame = this.limit } = this.session.link;
    return Math.min(maxFrame, this.limit);
  }

  /** Up to how many bytes small messages are joined to one. */
  get joins(): number {
    return this.session.frameLimit;
  }

  /** Whether something waits for more than the end of the turn. */
  get waits(): boolean {
    return false;
  }

  /** The peer has echoed a token. Gives false where it was asked for none. */
  prove(_token: unknown): boolean {
    return false;
  }

  /** How many bytes wait, here and in the link. */
  get buffered(): number {
    let bytes = this.session.link.buffered + this.collected;
    for (const part of [this.hello, ...(this.parts ?? [])]) bytes += part?.bytes ?? 0;
    return bytes;
  }

  private checkTotal(frame: Frame): void {
    const { load, host } = this.session;
    if (load.fits(frame.length)) return;
    const text = `busy: with a message of ${frame.length} bytes, this side would hold more than ${host.limits.totalBytes} bytes for its peers (limits.totalBytes)`;
    throw new ProtocolError(text, Code.Busy);
  }

  /** The turn is over. */
  flush(): void {
    this.leaving = false;
    this.isHeld = false;
    try {
      const { link, host } = this.session;
      // On a bus, what leaves together may be one datagram: parts would be more, and tear a sealed message from its header.
      if (this.collected > LEAST_PART && link.bus !== true) this.part ??= new PartSize(host.limits.tickBytes);
      this.send();
      if (this.part !== undefined) this.leaveAt = this.part.endTurn();
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
    if (this.part !== undefined) this.leaveAt = this.part.sent(collected);
    this.backlog?.sending();
    const joins = frames.length > 1 && session.agreed && link.packets === true && session.sealing === undefined;
    const leaving = joins ? this.joined(frames, collected) : frames;
    host.load.sends(leaving, joins ? undefined : collected);
    link.send(leaving);
    if (session.over !== undefined) return;
    const { buffered } = link;
    if (buffered > UNSENT || session.load.unsent > 0) session.load.sees(buffered);
    if (session.over !== undefined) return;
    if (this.backlog !== undefined) this.backlog.sent();
    else if (buffered > host.limits.bufferedBytes) {
      this.backlog = new StallDetector(session);
      session.crowded(true);
    }
  }

  /** The frames in as few as the link and the bounds allow; `collected` is their length in all. */
  private joined(frames: readonly Frame[], collected: number): readonly Frame[] {
    const { join } = this.session.host.codec;
    if (join === undefined) return frames;
    const limit = Math.min(JOINED, this.session.frameLimit);
    return surelyFits(frames, collected, limit) ? [join(frames)] : joined(join, frames, limit);
  }

  /** What was buffered has left. */
  drained(): void {
    const { load, link } = this.session;
    if (load.unsent > 0) load.sees(link.buffered);
    if (this.backlog?.drained()) this.relieved();
    if (this.parts !== undefined) for (const part of [...this.parts]) part.drained?.();
  }

  /** Adds what an extension keeps for the session. Parts are called in the order in which they were added. */
  add(part: SessionPart): void {
    this.parts ??= [];
    this.parts.push(part);
  }

  remove(part: SessionPart): void {
    this.parts = this.parts?.filter((other) => other !== part);
  }

  /** The link is about to end well: what was kept leaves too. */
  last(): void {
    this.hello?.over();
    if (this.parts !== undefined) for (const part of [...this.parts]) part.closing?.();
    this.send();
  }

  /** Looks whether the peer still reads, and says when to look again: `Infinity` if there is no need. */
  due(now: number): number {
    let next = Number.POSITIVE_INFINITY;
    if (this.backlog !== undefined) {
      next = this.backlog.due(now);
      if (next === Number.POSITIVE_INFINITY) this.relieved();
    }
    if (this.parts !== undefined)
      for (const part of [...this.parts]) next = Math.min(next, part.due?.(now) ?? Number.POSITIVE_INFINITY);
    return next;
  }

  private relieved(): void {
    this.backlog = undefined;
    this.session.crowded(false);
  }

  /** Nothing more leaves. */
  end(): void {
    this.frames = [];
    this.backlog = undefined;
    const { parts } = this;
    this.parts = undefined;
    if (parts !== undefined) for (const part of parts) part.ended?.();
    this.hello?.end();
  }
}
