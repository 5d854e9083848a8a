import { printable, quoteId } from '../../base/quote.js';
import type { Bad, Call, Fault, FaultBody, Id, Message, Reply } from '../../contract/contract.js';
import { Code, ProtocolError, RpcError } from '../../contract/errors.js';
import type { Journal } from '../journal.js';
import type { ReplyHandler } from '../outgoing-calls/pending-calls.js';
import { nestedTooDeep, tooDeep } from '../sending/message-size.js';
import type { Session } from '../session.js';
import { isUnderstood } from '../system/system-notifications.js';
import { endStreamOfLost, refuseTooDeep } from './lost-messages.js';
import { UnreadableFrame } from './unreadable-frame.js';

/*
 * What a session does with the messages that its connection delivers. Nothing here throws: what goes wrong is no fault of the frame,
 * and the messages behind it are taken up all the same.
 */

/** An error that belongs to no call. */
const nobody = { id: null, batch: undefined };

/** What this needs of the session. */
export interface ReceivingSession extends Session {
  /** The answer with this id, which comes next, holds values in the tagged form. */
  tagged: Id | undefined;
  answered(id: Id): ReplyHandler | undefined;
  admit(call: Call): void;
}

/** A message is at its turn. `mayBeDeep`: it is long enough to be nested too deep. */
export function receive(session: ReceivingSession, message: Message, mayBeDeep: boolean): void {
  try {
    const { journal } = session;
    if (message.kind === 'call') {
      const isSystem = message.id === undefined && message.method.startsWith('rpc.');
      if (journal !== undefined && !(isSystem && isControl(session, message.method))) count(session, journal);
      if (mayBeDeep && isTooDeep(session, message.args)) refuseTooDeep(session, message);
      else if (isSystem || (message.means !== undefined && message.id === undefined)) understand(session, message);
      else admit(session, message);
      return;
    }
    if (journal !== undefined) count(session, journal);
    if (message.kind === 'reply') {
      if (mayBeDeep && isTooDeep(session, message.value)) tooDeepReply(session, message);
      else if (session.tagged !== undefined) revive(session, message);
      else settle(session, message)?.resolve(message.value);
    } else if (message.kind === 'fault') failed(session, message, mayBeDeep);
  } catch (error) {
    session.callFailed(error);
    session.report(error, message.id);
    if (message.kind !== 'call' || message.id === undefined) return;
    const refusal = new RpcError('Internal error: the call could not be taken up', Code.InternalError);
    session.replies.refuse(message, refusal);
  }
}

/** The other end numbers every message but those of the connection. */
function count(session: Session, journal: Journal): void {
  journal.came(session.arrivedBytes());
}

/** Whether a notification is a message of the connection. */
function isControl({ host }: Session, method: string): boolean {
  return Object.hasOwn(host.controls, method);
}

/** A message could not be read, or the filter refuses it: that is reported, and answered if it was a request. */
export function refuse(session: Session, message: Message, error: RpcError): void {
  try {
    const { journal } = session;
    const isNumbered = message.kind !== 'call' || message.id !== undefined || !isControl(session, message.method);
    if (journal !== undefined && isNumbered) count(session, journal);
    session.callFailed(error);
    if (message.kind === 'bad') refuseBad(session, message, error);
    else {
      session.callHeaders.forget(message.id);
      if (message.kind === 'call' && message.id !== undefined) session.replies.refuse(message, error);
      session.report(error, message.id ?? null);
    }
  } catch (thrown) {
    session.report(thrown, message.id);
  }
}

function refuseBad(session: Session, bad: Bad, error: RpcError): void {
  session.report(error, bad.id);
  endStreamOfLost(session, bad, error);
  session.callHeaders.forget(bad.id);
  if (bad.batch === undefined && bad.id === null) answer(session, bad.error);
  else session.replies.fault(bad, bad.error);
}

/** A frame as a whole is lost, or refused before it is read: it is reported, and answered where the codec can. */
export function unreadable(session: Session, error: ProtocolError): void {
  const { journal } = session;
  if (journal !== undefined) {
    // Under a security, it is one message. Otherwise nobody knows how many there were: both ends would count differently.
    if (error.code === Code.Refused) journal.came(session.arrivedBytes());
    else {
      session.end(error);
      return;
    }
  }
  session.callFailed(error);
  session.report(error);
  answer(session, { code: error.code, message: error instanceof UnreadableFrame ? error.forPeer : error.message });
}

function answer(session: Session, error: FaultBody): void {
  const { link, host } = session;
  if (host.codec.answersUnreadable && link.bus !== true) session.replies.fault(nobody, error);
}

function tooDeepReply(session: ReceivingSession, reply: Reply): void {
  if (session.tagged === reply.id) session.host.mapper.discard(session, reply.value);
  session.tagged = undefined;
  settle(session, reply)?.reject(nestedTooDeep(session.host.limits.depth));
}

function failed(session: ReceivingSession, fault: Fault, mayBeDeep: boolean): void {
  const { host } = session;
  session.tagged = undefined;
  const deep = mayBeDeep && isTooDeep(session, fault.error.data);
  settle(session, fault)?.reject(deep ? nestedTooDeep(host.limits.depth) : host.fromFault(fault.error));
}

function isTooDeep({ host }: Session, value: unknown): boolean {
  return tooDeep(value, host.limits.depth, host.codec.form === 'values' ? new Set() : undefined);
}

function settle(session: ReceivingSession, answer: Reply | Fault): ReplyHandler | undefined {
  const waiter = session.answered(answer.id);
  if (waiter !== undefined) return waiter;
  if (!session.pending?.wasDropped(answer.id)) session.report(unexpectedAnswer(answer), answer.id);
  return undefined;
}

function understand(session: ReceivingSession, call: Call): void {
  try {
    if (!isUnderstood(session, call)) admit(session, call);
  } catch (error) {
    session.report(error);
  }
}

function revive(session: ReceivingSession, reply: Reply): void {
  const { tagged } = session;
  session.tagged = undefined;
  let values = reply.value;
  try {
    if (tagged === reply.id) {
      // What was passed with the call may come back: it is held until the call is settled.
      if (session.pendingCall(reply.id) !== undefined)
        values = session.values.mapIncoming(values, 'result', 'the answer').values;
      else session.host.mapper.discard(session, values);
    }
  } catch (error) {
    settle(session, reply)?.reject(error);
    return;
  }
  settle(session, reply)?.resolve(values);
}

function admit(session: ReceivingSession, call: Call): void {
  const about = session.callHeaders.received === undefined ? undefined : session.callHeaders.take(call);
  if (about !== undefined) call.about = about;
  if (about?.tagged !== true) session.admit(call);
  else {
    let taken: Call;
    try {
      taken = session.values.taken(call);
    } catch (error) {
      session.replies.refuse(call, session.host.mapper.refusal(error));
      return;
    }
    session.admit(taken);
  }
}

/** The error for an answer whose id is not pending. */
function unexpectedAnswer(answer: Reply | Fault): ProtocolError {
  const text =
    answer.kind === 'reply' ? 'an answer' : `an error (${answer.error.code}: ${printable(answer.error.message)})`;
  return new ProtocolError(`${text} to a call that this side has not made: id ${quoteId(answer.id)}`);
}
