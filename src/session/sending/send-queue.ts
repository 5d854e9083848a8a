import { flushAtEndOfTurn } from '../../base/clock.js';
import type { Frame, Limits, Link } from '../../contract/contract.js';
import { Code, ProtocolError, type RpcError } from '../../contract/errors.js';
import { type Journal, MESSAGE_BYTES } from '../journal.js';
import type { PeerLoad } from '../peer-load.js';
import { type AwaitedHello, SENT_BEFORE_HELLO } from './frame-limits.js';
import { LARGE } from './joined-frames.js';
import { LEAST_PART, PartSize } from './part-size.js';
import type { PostedCalls } from './posted-calls.js';

/** What the queue needs of its session. */
export interface SendQueueOwner {
  /** The link of the connection; of the last one where there is none. */
  readonly link: Link;
  readonly host: { readonly limits: Limits };
  /** Undefined while the session has none: then what is posted waits. */
  readonly connection: SentOver | undefined;
  /** With a security: what each frame passes before it leaves. Under one, a journal has let in what is collected here. */
  readonly filter: { readonly waiting: number } | undefined;
  readonly journal: Journal | undefined;
  readonly posted: PostedCalls | undefined;
  readonly load: PeerLoad;
  readonly ended: RpcError | undefined;
  readonly frameLimit: number;
  end(reason: Error): void;
}

/** The connection, as far as the queue needs it. */
interface SentOver {
  write(frames: readonly Frame[], bytes: number, messages: number): void;
}

/**
 * What leaves for one peer at the end of the turn: the frames of a turn go to the connection together, in the order of the calls,
 * and earlier once there are enough bytes of them. A large frame leaves at once: to write it costs little beside making it, and the
 * peer reads it while the next one is made. It belongs to the session: what waits here outlives a connection, where the
 * session does.
 */
export class SendQueue {
  /** It begins within `accept`, and until that has returned nothing may be sent: at the latest, that is in this turn. */
  isHeld = true;
  /** How many messages were given to connections. */
  sent = 0;
  /** How many bytes were collected and are not with the link yet. */
  collected = 0;
  /** From how many bytes on, what was collected leaves before the end of the turn. */
  private leaveAt: number;
  /** Finds that size, once a turn was long enough to leave in parts: most links never need it. */
  private part: PartSize | undefined;
  private frames: Frame[] = [];
  /** With a filter: how many messages were collected. */
  private sealed = 0;
  /** The same messages as they were before the filter, where they may be sent again. */
  private plain: Frame[] = [];
  private leaving: boolean;
  /** Throws if too much is queued while the peer does not read, or has no connection. */
  bound: { check(collected: number): void } | undefined;
  /** The largest frame, in bytes, that may leave: by our own bound, and by that of the peer once it has reported it. */
  limit: number;
  /** On a link that this side has dialed: until the peer has sent hello. */
  hello: AwaitedHello | undefined;

  constructor(private readonly session: SendQueueOwner) {
    const { sentFrameBytes, tickBytes } = session.host.limits;
    this.limit = sentFrameBytes;
    this.leaveAt = tickBytes;
    // Over a brief link, nothing is sent before its frame has come, which is after `accept`, and most often nothing at all.
    this.leaving = session.link.brief !== true;
    if (this.leaving) flushAtEndOfTurn(this);
  }

  /**
   * Throws a ProtocolError, busy, if nothing more is kept: the peer has not read for so long, or the side holds too much for
   * all its peers. `failed` is called with the error of a frame that was kept first and then not sent.
   */
  put(frame: Frame, failed?: (error: unknown) => void): void {
    this.bound?.check(this.collected);
    if (frame.length > SENT_BEFORE_HELLO) this.checkTotal(frame);
    if (!this.hello?.holdBack(frame, failed)) this.collect(frame);
  }

  private collect(frame: Frame): void {
    this.frames.push(frame);
    this.collected += frame.length;
    if (!this.leaving) {
      this.leaving = true;
      flushAtEndOfTurn(this);
    }
    if (frame.length > LARGE ? this.session.link.bus !== true : this.collected > this.leaveAt) this.send();
  }

  /**
   * A sealed message; `plain` is what was sealed, undefined for one of the connection itself. Its frames leave together or not at all: a
   * header without its message would be taken for that of the next one. Throws as `put`.
   */
  putSealed(frames: readonly Frame[], plain: Frame | undefined): void {
    const { session } = this;
    this.bound?.check(this.collected);
    for (const frame of frames) if (frame.length > SENT_BEFORE_HELLO) this.checkTotal(frame);
    if (plain !== undefined) {
      this.sealed++;
      if (session.journal !== undefined || session.posted !== undefined) this.plain.push(plain);
    }
    const last = frames.length - 1;
    for (let at = 0; at < last; at++) {
      const frame = frames[at] as Frame;
      this.frames.push(frame);
      this.collected += frame.length;
    }
    this.collect(frames[last] as Frame);
    if (session.link.bus === true) this.send();
  }

  /** The number of the message that was posted last, which may still wait to be sealed: it has left once `sent` is as high. */
  get place(): number {
    const { filter, journal } = this.session;
    if (filter !== undefined) return this.sent + this.sealed + filter.waiting + (journal?.waiting ?? 0);
    return this.sent + this.frames.length + (this.hello === undefined ? 0 : this.hello.waiting);
  }

  /** The message behind those that are collected is not sent after all, and has its number already. */
  skip(): void {
    const { posted, filter } = this.session;
    // Those behind it keep their numbers, or move up.
    if (posted === undefined) this.sent++;
    else posted.skip([this.sent + (filter === undefined ? this.frames.length : this.sealed) + 1]);
  }

  /** What was collected, in order. */
  get unsent(): readonly Frame[] {
    return this.frames;
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

  /** Whether something waits for more than the end of the turn: with a journal, for a connection, or for room in its window. */
  get waits(): boolean {
    const { connection, journal } = this.session;
    this.dropWithdrawn();
    if (journal === undefined || this.frames.length === 0) return false;
    return connection === undefined || !journal.admits(this.collected);
  }

  /** The peer has echoed a token. Returns false where it was asked for none. */
  prove(_token: unknown): boolean {
    return false;
  }

  /** How many bytes the peer leaves unread: those in the link, and those that wait for one, or for an acknowledgement. */
  get unread(): number {
    const { connection, link, journal } = this.session;
    if (connection === undefined) return this.collected;
    return journal?.awaitsAck === true ? link.buffered + this.collected : link.buffered;
  }

  /** How many bytes wait, here and in the link. */
  get buffered(): number {
    const { connection, link } = this.session;
    return (connection === undefined ? 0 : link.buffered) + this.collected + (this.hello?.bytes ?? 0);
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
      this.send(true);
      if (this.part !== undefined) this.leaveAt = this.part.endTurn();
    } catch (error) {
      // A link does not throw, nor does a codec that joins. If one does all the same, the others still get their frames.
      this.session.end(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Hands over what was collected; with a journal, as much of it as that admits. `isEnd`: at the end of the turn. */
  send(isEnd = false): void {
    const { session } = this;
    const { connection, journal } = session;
    if (session.posted !== undefined) this.dropWithdrawn();
    if (this.frames.length === 0 || this.isHeld || connection === undefined) return;
    const frames = journal === undefined || session.filter !== undefined ? this.frames : this.admitted(journal);
    if (frames.length === 0) return;
    const bytes = frames === this.frames ? this.collected : lengthOf(frames);
    this.frames = frames === this.frames ? [] : this.frames.slice(frames.length);
    this.collected -= bytes;
    this.sent += session.filter === undefined ? frames.length : this.sealed;
    this.sealed = 0;
    if (this.part !== undefined) this.leaveAt = this.part.sent(bytes);
    // They are numbered first: what the connection brings while it sends may already be the acknowledgement.
    if (journal === undefined) connection.write(frames, bytes, frames.length);
    else {
      const numbered = this.number(journal, frames, bytes);
      const ack = isEnd ? journal.ack?.() : undefined;
      if (ack === undefined) connection.write(numbered, bytes, frames.length);
      else connection.write([...numbered, ack], bytes + ack.length, frames.length + 1);
    }
  }

  /** Calls that nobody waits for any more, and that were not sent, are not sent now. */
  private dropWithdrawn(): void {
    const { posted, filter } = this.session;
    if (filter === undefined && posted?.hasWithdrawn === true) this.frames = posted.without(this.frames, this.sent);
  }

  /** So many of the messages that were given last to a connection have not arrived, and count as not given. */
  takeBack(count: number): void {
    // By the numbers that they have now.
    this.dropWithdrawn();
    this.sent -= count;
  }

  /** The messages that may leave now: the same list where all of them may. */
  private admitted(journal: Journal): Frame[] {
    const { frames } = this;
    if (journal.admits(this.collected + MESSAGE_BYTES * frames.length)) return frames;
    let bytes = 0;
    const end = frames.findIndex(({ length }) => {
      const isOver = !journal.admits(bytes);
      bytes += length + MESSAGE_BYTES;
      return isOver;
    });
    return end < 0 ? frames : frames.slice(0, end);
  }

  /** Returns what is to be written: these frames, or one in which they are joined. */
  private number(journal: Journal, frames: Frame[], bytes: number): readonly Frame[] {
    if (this.session.filter === undefined) return journal.given(frames, bytes, this.session.link.between);
    journal.given(this.plainOf(frames), undefined, undefined);
    return frames;
  }

  /** These frames, as they were before a filter, without those of the connection itself. */
  private plainOf(frames: Frame[]): readonly Frame[] {
    const { plain } = this;
    if (this.session.filter === undefined) return frames;
    this.plain = [];
    return plain;
  }

  /** Takes out what waits, as it was before a filter; `others` wait in its place. */
  exchange(others: Frame[]): readonly Frame[] {
    this.dropWithdrawn();
    const plain = this.plainOf(this.frames);
    this.sealed = 0;
    this.frames = others;
    this.collected = lengthOf(others);
    return plain;
  }

  /** When to look again at what waits: `Infinity` if there is no need. */
  due(_now: number): number {
    return Number.POSITIVE_INFINITY;
  }

  /** Nothing more leaves. */
  end(): void {
    this.frames = [];
    this.bound = undefined;
    this.hello?.end();
  }
}

function lengthOf(frames: readonly Frame[]): number {
  let bytes = 0;
  for (const { length } of frames) bytes += length;
  return bytes;
}
