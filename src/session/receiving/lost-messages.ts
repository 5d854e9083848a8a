import type { Bad, Call, Id, Meaning } from '../../contract/contract.js';
import type { RpcError } from '../../contract/errors.js';
import { nestedTooDeep } from '../sending/message-size.js';
import type { Session } from '../session.js';
import { NEXT } from '../system/system-names.js';

/*
 * Messages that have arrived and are not dispatched. A request is answered with an error; a notification is reported, and ends the
 * stream whose items it carries.
 */

/** A call is nested too deep. */
export function refuseTooDeep(session: Session, call: Call): void {
  const tagged = session.callHeaders.received?.about.tagged === true;
  session.callHeaders.forget(call.id);
  const error = nestedTooDeep(session.host.limits.depth);
  if (call.id === undefined) {
    if (tagged) session.host.mapper.discard(session, call.args);
    endStreamOf(session, call, error);
  }
  session.replies.refuse(call, error);
}

/** A message could not be read. */
export function endStreamOfLost(session: Session, { lost }: Bad, error: RpcError): void {
  if (lost !== undefined) endStreamOf(session, lost, error);
}

function endStreamOf(session: Session, { method, args }: Meaning, error: RpcError): void {
  if (method === NEXT) failStream(session, args[0] as Id, error);
}

/** Items that have arrived cannot be read: without them it would be another stream, so the stream ends before them. */
export function failStream(session: Session, id: Id, error: unknown): void {
  const waiter = session.pendingCall(id);
  if (waiter?.next === undefined) return;
  session.cancel(id);
  waiter.reject(error);
}
