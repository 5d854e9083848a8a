import type { Codec, Envelope, Frame, Limits, Link } from '../../contract/contract.js';
import type { FrameFilter } from '../frame-filter.js';
import { PeerLoad } from '../peer-load.js';
import type { MessageSink } from '../receiving/message-sink.js';
import type { SideLoad } from '../side-load.js';
import { joinedFrames } from './joined-frames.js';
import { StallDetector } from './stall-detector.js';

/** What a link keeps for a moment, in bytes, is not counted. */
const UNSENT = 16 * 1024;

/** What the writing half of a connection needs of its side. */
export interface FrameWriterHost {
  readonly codec: Codec;
  readonly limits: Limits;
  readonly load: SideLoad;
}

/** The half of a connection that writes: it joins the frames of a turn, counts them, and watches whether the peer reads. */
export abstract class FrameWriter {
  /** The peer has sent hello, or the link has shown it: it joins the messages of a turn, and understands it if we do. */
  agreed: boolean;
  /** This side has sent its hello. */
  saidHello = false;
  /**
   * The answer to the hello of the peer has not left yet. What leaves with it is not joined: the peer knows only from this answer that frames
   * may be, and reads an array that it is in as a batch, whose answers are a batch.
   */
  answersHello = false;
  /** Where the messages go; set before anything arrives. */
  sink!: MessageSink;
  /** With a security: what each frame passes in both directions. */
  filter: FrameFilter | undefined;
  /** What is held for the peer; a session that continues over another connection keeps it. */
  load: PeerLoad;
  /** Nothing more arrives, and nothing leaves. */
  ended = false;
  /** The largest frame, in bytes, that may leave: by the bound of this side, and by that of the peer once it has reported it. */
  limit: number;
  /** While the peer leaves unread what is sent. */
  watch: StallDetector | undefined;

  constructor(
    readonly link: Link,
    readonly host: FrameWriterHost,
  ) {
    this.agreed = link.agreed === true;
    this.limit = host.limits.sentFrameBytes;
    this.load = new PeerLoad(this, host.load);
  }

  /** The largest frame, in bytes, that may leave now: that of the link may change. */
  get frameLimit(): number {
    const { maxFrame } = this.link;
    return maxFrame === undefined ? this.limit : Math.min(maxFrame, this.limit);
  }

  /**
   * Sends the frames of a turn, joined where both sides do so; `bytes` is their length in all, and `messages` how many frames they count as:
   * they may be joined already as the link would join them. Never throws.
   */
  write(frames: readonly Frame[], bytes: number, messages: number = frames.length): void {
    const { link } = this;
    if (this.ended) return;
    this.watch?.sending();
    const joins =
      frames.length > 1 && this.agreed && !this.answersHello && link.packets === true && this.filter === undefined;
    this.answersHello = false;
    if (joins) this.send(joinedFrames(this.host.codec, frames, bytes, this.frameLimit));
    else this.send(frames, bytes, messages);
    this.written();
  }

  /** Sends one call by itself, behind what was written. Returns the link of the member that it went to, where that is known. Never throws. */
  dispatchCall(frames: readonly Frame[], call: Envelope): Link | undefined {
    if (this.ended) return undefined;
    this.watch?.sending();
    this.host.load.countSent(frames);
    const member = this.link.dispatch?.(frames, call);
    this.written();
    return member;
  }

  /** Frames were given to the link: looks how much of them waits. */
  private written(): void {
    const { link, host } = this;
    if (this.ended) return;
    const { buffered } = link;
    if (buffered > UNSENT || this.load.unsent > 0) this.load.setUnsent(buffered);
    if (this.ended) return;
    if (this.watch !== undefined) this.watch.sent();
    else if (buffered > host.limits.bufferedBytes) {
      this.watch = new StallDetector(this);
      this.sink.congested(this.watch);
    }
  }

  /** Sends frames as they are, and counts them; `bytes` is their length in all, where it is known. */
  send(frames: readonly Frame[], bytes?: number, messages?: number): void {
    this.host.load.countSent(frames, bytes, messages);
    this.link.send(frames);
  }

  /** Nothing new is to be sent. */
  retire(): void {
    if (!this.ended) this.sink.closeWhenIdle();
  }

  drained(): void {
    if (this.ended) return;
    if (this.load.unsent > 0) this.load.setUnsent(this.link.buffered);
    if (this.watch?.drained()) this.congestionEnded();
    this.sink.drained();
  }

  /** Looks whether the peer still reads, and returns when to look again: `Infinity` if there is no need. */
  due(at: number): number {
    if (this.watch === undefined) return Number.POSITIVE_INFINITY;
    const next = this.watch.due(at);
    if (next === Number.POSITIVE_INFINITY) this.congestionEnded();
    return next;
  }

  private congestionEnded(): void {
    this.watch = undefined;
    if (!this.ended) this.sink.congested(undefined);
  }
}
