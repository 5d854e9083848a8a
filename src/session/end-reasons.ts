import { flushAtEndOfTurn } from '../base/clock.js';
import { printable } from '../base/quote.js';
import { clearTimer, setTimer, type Timer } from '../base/time.js';
import { ConnectionLost, RpcError } from '../contract/errors.js';
import { awaitsFrame, endBrief } from './brief-link.js';
import type { CallQueue } from './incoming-calls/call-queue.js';
import { reasonOfEach } from './outgoing-calls/lost-calls.js';
import type { CallHolder } from './outgoing-calls/pending-calls.js';
import type { Session } from './session.js';

/*
 * How a session comes to its end: its link ends, the peer ends its side of the link, or this side closes it.
 */

/** All that is known of a link that ends without an error: a program that is killed closes its links, too. */
const CLOSED = 'the other side closed it or exited';

/** A session, as far as this file needs it. */
export interface EndingSession extends Session, CallHolder {
  noReplyReason: RpcError | undefined;
  halfClosed: HalfClosed | undefined;
  /** Of a brief link: what has gone wrong first. */
  readonly failure: Error | undefined;
  readonly callQueue: CallQueue | undefined;
  /** The connection is about to end well: what was kept leaves too. */
  last(): void;
  finish(reason: RpcError, how?: 'as it is' | 'closed here'): void;
  /** The connection has ended: so does the session, unless its journal lets it go on. */
  lost(reason: Error | undefined): void;
  report(error: unknown): void;
}

function nameOf({ peer, link }: Session): string {
  return printable(peer?.id ?? link.peer);
}

function linkOf(session: EndingSession): string {
  return `the link to ${nameOf(session)}`;
}

/** The link has ended. */
export function linkClosed(session: EndingSession, reason: Error | undefined): void {
  if (reason === undefined) session.finish(ended(session, `${linkOf(session)} ended: ${CLOSED}`));
  else if (reason instanceof RpcError) session.finish(reason);
  else session.finish(new ConnectionLost(`${linkOf(session)} ended: ${reason.message}`, { cause: reason }));
}

/**
 * The peer sends nothing more, but can still receive; `reason`: its last message was incomplete. Obverse ends its half only when it is
 * done, so the session ends. Any other peer may wait for replies, as a program does that writes its requests into a pipe and closes it.
 */
export function inputEnded(session: EndingSession, reason: Error | undefined): void {
  const { link } = session;
  const isObverse = session.connection?.agreed === true || link.redialer !== undefined;
  if (reason !== undefined) {
    if (isObverse || link.brief === true) {
      session.lost(reason);
      link.close(reason);
      return;
    }
    session.report(reason);
  }
  if (session.journal !== undefined && session.connection?.agreed) {
    // A peer with a connection that ends well says so before, in a message: this one is lost.
    session.lost(undefined);
    link.close();
  } else if (session.ended !== undefined) return;
  else if (link.brief === true) {
    // Its input ends with its frame; where none has come, none will.
    if (awaitsFrame(session)) session.end();
  } else if (isObverse) finish(session, ended(session, `${linkOf(session)} ended: ${CLOSED}`));
  else session.halfClosed = new HalfClosed(session);
}

/** The reason, with a remark if the last message of the peer could not be read. */
function ended(session: EndingSession, why: string): ConnectionLost {
  return new ConnectionLost(`${why}${session.connection?.bad?.remark ?? ''}`);
}

/** Ends it. Without a reason, what was posted still leaves. */
export function end(session: EndingSession, reason: Error | undefined): void {
  const { filter } = session;
  if (session.ended !== undefined) return;
  if (reason !== undefined) {
    const cut = `${linkOf(session)} was closed on this side: ${reason.message}`;
    if (reason instanceof RpcError) session.finish(reason, 'as it is');
    else session.finish(new ConnectionLost(cut, { cause: reason }));
    session.link.close(reason);
  } else if (session.sendQueue.isHeld && (session.link.brief !== true || awaitsFrame(session)))
    flushAtEndOfTurn({
      flush: () => {
        session.sendQueue.isHeld = false;
        session.end();
      },
    });
  else if (filter?.isSealing) filter.whenSealed(() => session.end());
  else if (session.link.brief === true) endBrief(session);
  else {
    // Of a peer that has ended its half, everything was done: its end is the reason.
    const reason = session.noReplyReason as ConnectionLost | undefined;
    finish(session, reason ?? new ConnectionLost(`${linkOf(session)} was closed on this side`), 'closed here');
  }
}

/** Ends the session with a reason; what was posted is still sent. */
function finish(session: EndingSession, reason: ConnectionLost, how?: 'closed here'): void {
  session.last();
  session.finish(reason, how);
  session.link.close();
}

/**
 * A peer that has ended its half gets the replies to its calls, and then the link is closed, after `lingerMs` at the latest. It
 * cannot reply to this side: pending calls fail at once, and so do new ones.
 */
export class HalfClosed {
  private readonly timer: Timer;

  constructor(session: EndingSession) {
    const reason = ended(session, `${nameOf(session)} has ended its side of the link, so no answer can come from it`);
    const { lingerMs } = session.host.limits;
    this.timer = setTimer(lingerMs, () => finish(session, tooLong(lingerMs))).unref();
    session.noReplyReason = reason;
    session.pending?.noteGiven(session.sendQueue.sent, session);
    session.pending?.rejectAll(reasonOfEach(reason), session);
    // The peer cannot pull any more: streams whose window is full fail now, others when it becomes full.
    session.callQueue?.wakeStreams();
    session.closeWhenIdle();
    if (session.ended !== undefined) this.stop();
  }

  /** The session has ended. */
  stop(): void {
    clearTimer(this.timer);
  }
}

function tooLong(lingerMs: number): ConnectionLost {
  return new ConnectionLost(
    `the peer has ended its side of the link, and answering what it had asked took longer than ${lingerMs} ms (limits.lingerMs)`,
  );
}
