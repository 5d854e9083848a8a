import type { Call } from '../../contract/contract.js';
import { Code, ProtocolError } from '../../contract/errors.js';
import { markUnbegun } from '../../contract/unbegun.js';
import type { Session } from '../session.js';
import type { SideTurns } from './side-turns.js';
import type { WaitingCalls } from './waiting-calls.js';

/** Whether a call may not even wait: then it is answered as busy, or the link of its peer is cut. */
export function isRefused(session: Session, call: Call, waiting: WaitingCalls, turns: SideTurns | undefined): boolean {
  const { link, host } = session;
  // A brief link has one message, so no reading can be paused; all of them together have the bound of one peer.
  if (link.brief === true && turns !== undefined && turns.length >= host.limits.queuedCalls)
    return answerBusy(session, call, turns.length);
  if (!waiting.isFull(1)) return false;
  if (call.id !== undefined && (session.pendingCount > 0 || session.journal?.awaitsAck === true))
    return answerBusy(session, call, waiting.length);
  if (!waiting.isOver) return false;
  const text = `${waiting.length} calls are waiting, and the peer keeps sending calls`;
  session.end(new ProtocolError(text, Code.Busy));
  return true;
}

function answerBusy(session: Session, call: Call, count: number): true {
  const error = new ProtocolError(`busy: ${count} calls wait already`, Code.Busy);
  // Another call of the same message may have begun, which must not be begun again for ever.
  const isAlone = call.batch === undefined && session.open === 0;
  session.replies.refuse(call, isAlone ? markUnbegun(error) : error);
  return true;
}
