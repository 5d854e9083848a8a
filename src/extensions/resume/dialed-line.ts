import { whenPageLeaves } from '../../base/page-events.js';
import { clearTimer, setTimer, type Timer, time } from '../../base/time.js';
import type { Redialer } from '../../contract/contract.js';
import { ConnectionLost } from '../../contract/errors.js';
import type { Connection } from '../../session/connection.js';
import type { RpcSession } from '../../session/rpc-session.js';
import { leftBy } from '../../session/system/leaving.js';
import { dismissed } from './controls.js';
import type { EarlyMessages } from './early-messages.js';
import type { Answer, Begun } from './hello-field.js';
import type { AwaySession } from './journal-session.js';
import { sayLeft } from './leaving.js';
import { RESUME } from './resume-options.js';
import { SessionJournal } from './session-journal.js';

/** How long, in milliseconds, the answer to a hello is waited for. */
const PATIENCE = 2_000;
/** A side that has sent hello before, and answers none for so long, in milliseconds, is taken for another program. */
const UNANSWERED_MS = RESUME.ms;

/** The part of the time that the other end leaves, within which it is dialed again: at a random time, so that not all do so at once. */
const DIAL_WITHIN = 1 / 4;
/** How much later than it has said, in milliseconds, the other end may end a session. */
const LATE_MS = 10_000;
/** How many sessions of a line may be open that the other end leaves. */
const MOST_LEFT = 4;

/** The session of a line, as long as it can be resumed. */
export class DialedSession implements AwaySession {
  readonly journal: SessionJournal;
  readonly again = false;
  awaySince: number | undefined;
  private leavesAt = 0;
  private hasLeft = false;
  private timer: Timer | undefined;
  /** A page that is left says so: otherwise the other end would keep the session for one that never comes back. */
  private readonly forgetPage = whenPageLeaves(() => this.session.last());

  /** `ms`: how long the other end keeps it without a link. */
  constructor(
    private readonly line: DialedLine,
    readonly session: RpcSession,
    readonly token: string,
    private readonly ms: number,
    bytes: number,
    peerBytes: number,
  ) {
    this.journal = new SessionJournal(session, bytes, peerBytes, this);
    dismissed.set(session, (again) => {
      if (line.current !== this) return;
      this.journal.why = 'closed';
      line.forget();
      if (!again || line.isLeaving) line.redialer.end();
    });
    leftBy.set(session, (ms) => line.leave(this, ms));
  }

  /** The other end ends it in so many milliseconds; it does not go on over another link. */
  leaveIn(ms: number): void {
    this.leavesAt = time() + ms;
    this.timer = setTimer(ms + LATE_MS, () => this.lose(`the other side has not ended it within ${ms} ms`)).unref();
  }

  /** Nothing more begins in it at this end. */
  leave(ms: number = Math.max(0, this.leavesAt - time())): void {
    if (this.session.ended !== undefined || this.hasLeft) return;
    this.hasLeft = true;
    sayLeft(this.session, this.journal, ms);
  }

  away(): void {
    if (this.line.current !== this) {
      this.lose('its link has ended, and the other side is closing');
      return;
    }
    this.awaySince = time();
    clearTimer(this.timer);
    this.timer = setTimer(this.ms, () => this.lose(`it was without a link for ${this.ms} ms`, 'expired')).unref();
  }

  waits(): void {}

  /** How long it was without a link. It has one now. */
  back(): number {
    clearTimer(this.timer);
    const away = this.awaySince === undefined ? 0 : time() - this.awaySince;
    this.awaySince = undefined;
    return away;
  }

  /** It cannot go on: its open calls fail, or move to the next session. `word`: why, for the event `reconnected`. */
  lose(why: string, word?: string): void {
    const { session } = this;
    this.journal.why = word;
    const { link } = session;
    const reason = new ConnectionLost(`the session with ${link.peer} has ended: ${why}`);
    session.finish(reason);
    link.close(reason);
  }

  ended(): void {
    this.forgetPage();
    clearTimer(this.timer);
    this.line.ended(this);
  }
}

/** What is dialed again and again: its links, one after the other, and the session that they carry. */
export class DialedLine {
  dials = 0;
  /** The session that goes on over the next link. */
  current: DialedSession | undefined;
  /** The name of one that has ended here, as long as the other end may keep it. */
  over: string | undefined;
  /** This side is about to close. */
  isLeaving = false;
  /** The peer keeps no sessions: it is not asked for one. */
  isPlain = false;
  /** It was only silent: it is asked again once it has sent hello. */
  wasSilent = false;
  /** The other side has sent hello: a link over which it sends none is dead. */
  isObverse = false;
  /** The last connection over which it has sent hello, and since when it has not, on the clock of the process. */
  greeted: Connection | undefined;
  unansweredSince: number | undefined;
  /** How many connections in a row have brought nothing before the answer was due. */
  unanswered = 0;
  /** The newest connection, and whether its hello asks for a session; the answer to that. */
  newest: Connection | undefined;
  asks = false;
  answer: Answer | undefined;
  /** The other end begins a session under this name. */
  beginning: Begun | undefined;
  /** What was sent over the newest connection while its hello was not answered, in a plain session. */
  early: EarlyMessages | undefined;

  /** The sessions that the other end leaves. */
  private left: DialedSession[] = [];

  constructor(readonly redialer: Redialer) {}

  ended(session: DialedSession): void {
    if (this.current !== session) return;
    this.current = undefined;
    this.over = session.token;
  }

  /** The other end is about to close: the next session begins over another link, beside this one. */
  leave(session: DialedSession, ms: number): void {
    if (this.current !== session) return;
    this.forget();
    session.leaveIn(ms);
    this.left = [...this.left.filter(({ session: { ended } }) => ended === undefined), session];
    if (this.left.length > MOST_LEFT) this.left[0]?.lose('the other side leaves one session after the other');
    this.redialer.replace?.(ms * DIAL_WITHIN);
  }

  /** The next session has begun. */
  hasMoved(): void {
    for (const session of this.left) session.leave();
  }

  /** The other end has ended the session itself. */
  forget(): void {
    this.current = undefined;
    this.over = undefined;
  }

  /** The other side has sent hello over this connection. */
  hears(connection: Connection): void {
    this.isObverse = true;
    this.greeted = connection;
    this.unansweredSince = undefined;
    this.unanswered = 0;
    if (!this.wasSilent) return;
    this.wasSilent = false;
    this.isPlain = false;
  }

  /** How long the answer to the hello over this connection is waited for. */
  patience({ link, host }: Connection): number {
    const { connectMs } = host.limits;
    if (!this.isObverse) return link.agreed === true ? connectMs : PATIENCE;
    // The other side may be slow, or the network: it doubles with each answer in a row that has not come.
    return Math.min(connectMs / 2, PATIENCE * 2 ** this.unanswered);
  }

  /** No hello has come over this connection. Returns whether it is dead, and to be dialed again: the other side is known to send hello. */
  isDead(connection: Connection): boolean {
    if (!this.isObverse && connection.link.agreed !== true) return false;
    this.unansweredSince ??= time();
    return time() - this.unansweredSince < UNANSWERED_MS;
  }

  /** No session is kept: what is open in the last one fails. */
  keepsNone(wasSilent: boolean): void {
    this.isPlain = true;
    this.wasSilent = wasSilent;
    this.current?.lose('the other side keeps no sessions', 'none kept');
  }
}
