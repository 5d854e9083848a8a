import { time } from '../../base/time.js';
import type { Frame } from '../../contract/contract.js';
import { Code, ConnectionLost, ProtocolError } from '../../contract/errors.js';
import { attach, leaveConnection } from '../../session/change-connection.js';
import type { Connection } from '../../session/connection.js';
import type { Journal } from '../../session/journal.js';
import { PostedCalls } from '../../session/sending/posted-calls.js';
import type { SessionPart } from '../../session/session-part.js';
import { Acknowledgements, say } from './acknowledgements.js';
import { type HeldMessage, HeldMessages } from './held-messages.js';
import { type AwaySession, BYE, type JournalSession, writeAgain } from './journal-session.js';
import { oweAck, oweAckNow } from './late-acks.js';
import { MessageNumbers, type Progress } from './message-numbers.js';

/** The journal of one session: it numbers and keeps what leaves, acknowledges what comes, and sends again what has not arrived. */
export class SessionJournal implements Journal, SessionPart {
  readonly numbers: MessageNumbers;
  unheard: Journal['unheard'];
  private readonly held: HeldMessages;
  /** Nothing leaves before the peer acknowledges more; since when, by the clock of the process. */
  private closedSince: number | undefined;
  /** So much waits meanwhile that no call of the peer starts. */
  private crowded = false;
  private releasing = false;
  private readonly acks: Acknowledgements;

  /** `window` and `peerWindow` as for {@link MessageNumbers}. `owner` decides what becomes of the session while it has no connection. */
  why: string | undefined;
  constructor(
    readonly session: JournalSession,
    window: number,
    peerWindow: number,
    private readonly owner: AwaySession,
  ) {
    this.numbers = new MessageNumbers(window, peerWindow);
    this.acks = new Acknowledgements(session, this.numbers);
    this.held = new HeldMessages(session, () => this.release());
    session.journal = this;
    session.posted ??= new PostedCalls(session, false);
    session.add(this);
  }

  // ---- out ----------------------------------------------------------------------------------------------------------

  admits(bytes: number): boolean {
    return this.numbers.admits(bytes);
  }

  holds(frame: Frame, failed: HeldMessage['failed']): boolean {
    const { sendQueue, filter } = this.session;
    if (this.held.length === 0 && this.admits(sendQueue.collected + (filter === undefined ? 0 : filter.bytes)))
      return false;
    sendQueue.bound?.check(sendQueue.collected + this.held.bytes);
    this.held.push({ frame, failed });
    this.session.updateReading();
    this.held.releaseWhenSealed();
    return true;
  }

  /** How many bytes wait before the filter. */
  get bytes(): number {
    return this.held.bytes;
  }

  get waiting(): number {
    return this.held.length;
  }

  takeWaiting(): readonly Frame[] {
    return this.held.take().map(({ frame }) => frame);
  }

  get keptMessages(): number {
    return this.numbers.sent - this.numbers.acked;
  }

  given(frames: readonly Frame[], bytes: number | undefined, between: string | undefined): readonly Frame[] {
    const { numbers, session } = this;
    const before = numbers.keptBytes;
    const leaving = numbers.given(frames, bytes, between);
    session.load.add(numbers.keptBytes - before);
    if (this.closedSince === undefined && !numbers.admits(0)) this.close();
    return leaving;
  }

  /** The window is full. */
  private close(): void {
    const { session } = this;
    this.closedSince = time();
    this.installBound();
    session.updateReading();
    session.remind(this.closedSince + session.host.limits.stalledMs);
  }

  private installBound(): void {
    const { connection, sendQueue } = this.session;
    if (this.closedSince === undefined || connection === undefined || sendQueue.bound !== undefined) return;
    sendQueue.bound = this;
    this.crowded = false;
  }

  /** Bounds what waits for an acknowledgement. Throws a ProtocolError, busy. */
  check(collected: number): void {
    const { session } = this;
    const { bufferedBytes } = session.host.limits;
    if (collected > 2 * bufferedBytes)
      throw new ProtocolError(
        `busy: ${session.link.peer} acknowledges nothing, and ${collected} bytes wait for it`,
        Code.Busy,
      );
    if (collected <= bufferedBytes || this.crowded) return;
    this.crowded = true;
    session.congested(this);
  }

  /** The peer has acknowledged more: what waits leaves, as far as the window goes. */
  private opened(): void {
    const { session } = this;
    if (this.closedSince !== undefined) {
      if (!this.numbers.admits(0)) {
        // Its time runs from the last acknowledgement on.
        this.closedSince = time();
        return;
      }
      this.closedSince = undefined;
      if (session.sendQueue.bound === this) session.sendQueue.bound = undefined;
    }
    session.flush();
    this.release();
    if (this.closedSince !== undefined) return;
    if (this.crowded) session.congested(undefined);
    else session.replies.sendParked();
    this.crowded = false;
    session.updateReading();
  }

  /** What waits before the filter passes it, as far as the window goes. */
  private release(): void {
    const { session, held } = this;
    if (this.releasing) return;
    this.releasing = true;
    held.dropWithdrawn();
    while (session.filter !== undefined && this.admits(session.sendQueue.collected + session.filter.bytes)) {
      const item = held.shift();
      if (item === undefined) break;
      const failed = item.failed ?? ((error: unknown) => session.report(error));
      try {
        session.filter.post(item.frame, failed);
      } catch (error) {
        // It has its number already, and those behind it.
        session.posted?.skip([session.sendQueue.place - held.length + 1]);
        failed(error);
      }
    }
    this.releasing = false;
    if (held.length > 0) held.releaseWhenSealed();
  }

  /** These have waited for a connection, and wait before its filter now: a call that it refuses rejects. */
  private holdAgain(frames: readonly Frame[]): void {
    const { session, held } = this;
    const requests = session.posted?.requests();
    for (const [at, frame] of frames.entries()) {
      const [id] = requests?.get(session.sendQueue.sent + 1 + at) ?? [];
      held.push({ frame, failed: id === undefined ? undefined : (error) => session.notSent(id, error) });
    }
  }

  get awaitsAck(): boolean {
    return this.closedSince !== undefined || this.held.length > 0;
  }

  drained(): void {
    this.installBound();
  }

  closing(): void {
    const { connection } = this.session;
    if (connection === undefined) return;
    this.session.sendQueue.send();
    say(this.session, connection, BYE, [this.owner.again]);
  }

  ended(): void {
    const { numbers, session } = this;
    session.load.subtract(numbers.keptBytes);
    this.owner.ended();
  }

  due(now: number): number {
    const { session, closedSince } = this;
    const { connection } = session;
    if (closedSince === undefined || connection === undefined) return Number.POSITIVE_INFINITY;
    this.installBound();
    const { stalledMs } = session.host.limits;
    if (now < closedSince + stalledMs) return closedSince + stalledMs;
    this.closedSince = now;
    const text = `${session.link.peer} has acknowledged nothing for ${stalledMs} ms (limits.stalledMs)`;
    const stalled = new ProtocolError(text, Code.Busy);
    session.lost(stalled);
    connection.link.close(stalled);
    return Number.POSITIVE_INFINITY;
  }

  // ---- in -----------------------------------------------------------------------------------------------------------

  came(bytes: number): void {
    if (this.numbers.came(bytes)) this.owe();
  }

  /** Apart from the plain way, so that this stays short. */
  private owe(): void {
    if (this.numbers.checkDue()) oweAckNow(this);
    else oweAck(this);
  }

  ack(): Frame | undefined {
    return this.acks.frame();
  }

  /** Reports to the peer how far this end is, behind all that has its number. */
  acknowledge(): void {
    this.acks.send();
  }

  /** The peer has reported how far it is. Throws a ProtocolError if both ends count differently. */
  acknowledged(progress: Progress): void {
    this.numbers.compare(progress, true);
    this.forget(progress.got);
    this.opened();
  }

  /** The other end has ended the session when so much had arrived there. `mayMove`: what had not may be sent in another session. */
  arrived(got: number, mayMove: boolean): void {
    const { numbers, session } = this;
    if (got < numbers.acked || got > numbers.sent) return;
    this.forget(got);
    const messages = numbers.kept();
    session.sendQueue.takeBack(messages.length);
    this.unheard = { messages, mayMove };
  }

  private forget(got: number): void {
    const { numbers, session } = this;
    const before = numbers.keptBytes;
    numbers.forget(got);
    session.load.subtract(before - numbers.keptBytes);
  }

  // ---- from one connection to another -------------------------------------------------------------------------------

  lost(reason: Error | undefined): boolean {
    if (reason instanceof ProtocolError && reason.code !== Code.Busy) return false;
    this.leave();
    this.owner.away(reason);
    return true;
  }

  /** Leaves the connection that the session has, if it has one: what that still brings is for nobody, and is sent again. */
  leave(): void {
    const { session } = this;
    if (session.connection === undefined) return;
    this.closedSince = undefined;
    this.crowded = false;
    const held = this.held.take();
    leaveConnection(session);
    const { sendQueue } = session;
    sendQueue.exchange([...sendQueue.exchange([]), ...held.map(({ frame }) => frame)]);
    const { bound } = sendQueue;
    sendQueue.bound = {
      check: (collected) => {
        this.owner.waits(collected + this.numbers.keptBytes);
        bound?.check(collected);
      },
    };
  }

  /**
   * Goes on over another connection, whose other end is so far: what it has not got is sent again, then what waits. Returns how many
   * messages were sent again. Throws a ProtocolError if both ends count differently: the session must end then.
   */
  resume(connection: Connection, progress: Progress): number {
    this.numbers.compare(progress, false);
    this.forget(progress.got);
    const again = this.numbers.kept();
    const before = this.session.connection;
    this.leave();
    before?.link.close(new ConnectionLost('the session continues over another connection'));
    this.numbers.reported();
    writeAgain(connection, again, (error) =>
      this.session.end(error instanceof Error ? error : new Error(String(error))),
    );
    if (connection.filter !== undefined) this.holdAgain(this.session.sendQueue.exchange([]));
    attach(this.session, connection);
    if (!this.numbers.admits(0)) this.close();
    this.opened();
    return again.length;
  }
}
