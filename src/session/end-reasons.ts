import { leaveTogether } from '../base/clock.js';
import { printable } from '../base/quote.js';
import { clearTimer, setTimer, type Timer } from '../base/time.js';
import { ConnectionLost, RpcError } from '../contract/errors.js';
import type { CallQueue } from './call-queue.js';
import { reasonOfEach } from './lost-calls.js';
import type { Session } from './session.js';

/*
 * How a session comes to its end: its link ends, the peer ends its side of the link, or this side closes it.
 */

/** All that a link without an error tells: a program that was killed closes its links as one does that closes them itself. */
const CLOSED = 'the other side closed it or exited';

/** What ends, as far as its end needs it. */
export interface EndingSession extends Session {
  noReplyReason: RpcError | undefined;
  halfClosed: HalfClosed | undefined;
  readonly callQueue: CallQueue | undefined;
  /** The connection is about to end well: what was kept leaves too. */
  last(): void;
  finish(reason: RpcError, asItIs?: 'as it is'): void;
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
 * The peer sends no more, and can still be sent to. An Obverse ends its side only when it is done: that is the end. Any
 * other peer may wait for its answers, as a program does that writes its requests into a pipe and closes it.
 */
export function inputEnded(session: EndingSession): void {
  if (session.ended !== undefined) return;
  if (session.connection?.agreed) finish(session, ended(session, `${linkOf(session)} ended: ${CLOSED}`));
  else session.halfClosed = new HalfClosed(session);
}

/** Pending calls fail with the error that the message could not be read. */
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
  } else if (session.sendQueue.isHeld) leaveTogether({ flush: () => session.end() });
  else if (filter?.isSealing) filter.whenSealed(() => session.end());
  else finish(session, new ConnectionLost(`${linkOf(session)} was closed on this side`));
}

/** Ends it for a reason, but what was posted still leaves. */
function finish(session: EndingSession, reason: ConnectionLost): void {
  session.last();
  session.finish(reason);
  session.link.close();
}

/**
 * A peer that sends no more is answered, and then the link is closed; but it is not waited for longer than `lingerMs`. What
 * we ask of it cannot be answered: our open calls fail at once, and so do new ones.
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
    // They get no more credit: streams with a full window fail now, others when theirs is full.
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
