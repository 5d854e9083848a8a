import { clearTimer, setTimerAt, type Timer, time } from '../../base/time.js';
import type { Id } from '../../contract/contract.js';
import type { Session, SystemNotifications } from '../../session/session.js';
import { WORKING } from '../../session/system/system-names.js';

/*
 * `rpc.working [id, …]`: who serves reports at the interval `Link.callBeat` which calls of a peer are at work or wait for their turn. A call is
 * reported from the second look on that finds it, so a call that is shorter than the interval costs nothing.
 */

/** About so many letters of ids are in one report. */
const LETTERS = 8_000;

const none: ReadonlySet<Id> = new Set();

/** The sessions whose links have the same interval. */
interface Round {
  /** With the calls that the last look has found. */
  readonly sessions: Map<Session, ReadonlySet<Id>>;
  due: number;
}

/** By the interval in milliseconds, which the addresses of this process specify: there are few. */
const rounds = new Map<number, Round>();
let timer: Timer | undefined;

/** Reports the calls of the peer of this session, if its link asks for it, until the session has ended. */
export function reportCalls(session: Session): void {
  const { callBeat, anycast, service } = session.link;
  // Over the other links of a service, this side is the caller.
  if (callBeat === undefined || anycast === true || service !== undefined) return;
  let round = rounds.get(callBeat);
  if (round === undefined) {
    round = { sessions: new Map(), due: time() + callBeat };
    rounds.set(callBeat, round);
    wait();
  }
  round.sessions.set(session, none);
}

/** One timer for the process, which does not keep it alive. It fires once more after the last session. */
function wait(): void {
  let next = Number.POSITIVE_INFINITY;
  for (const { due } of rounds.values()) next = Math.min(next, due);
  if (next === Number.POSITIVE_INFINITY || (timer !== undefined && timer.at <= next)) return;
  clearTimer(timer);
  timer = setTimerAt(next, look).unref();
}

function look(): void {
  timer = undefined;
  const now = time();
  for (const [beat, round] of rounds) {
    if (round.due > now) continue;
    round.due = now + beat;
    for (const [session, found] of round.sessions) lookAt(session, found, round);
    if (round.sessions.size === 0) rounds.delete(beat);
  }
  wait();
}

function lookAt(session: Session, found: ReadonlySet<Id>, { sessions }: Round): void {
  if (session.ended !== undefined) {
    sessions.delete(session);
    return;
  }
  const ids = session.callQueue?.ids;
  if (ids === undefined || ids.size === 0) {
    if (found !== none) sessions.set(session, none);
    return;
  }
  sessions.set(session, new Set(ids.keys()));
  // Until the broker is back, silence has no meaning, and reports would only pile up.
  if (found !== none && session.link.away !== true) report(session, ids, found);
}

/** Those of the calls that the last look has found as well. */
function report(session: Session, ids: ReadonlyMap<Id, unknown>, found: ReadonlySet<Id>): void {
  let letters = 0;
  let said: Id[] = [];
  for (const id of ids.keys()) {
    if (!found.has(id)) continue;
    said.push(id);
    letters += String(id).length;
    if (letters < LETTERS) continue;
    session.sendSystem(WORKING, said);
    letters = 0;
    said = [];
  }
  if (said.length > 0) session.sendSystem(WORKING, said);
}

/** A member reports which calls it has. One that another member has, or that nobody awaits any more, is not its own to report. */
export const workingNotifications: SystemNotifications = {
  [WORKING]: (session, ids) => {
    for (const id of ids) if (typeof id === 'number' || typeof id === 'string') session.pendingCall(id);
    return true;
  },
};
