import type { About, Id, Metadata } from '../../contract/contract.js';
import { ProtocolError } from '../../contract/errors.js';
import type { AnswerAbout } from '../outgoing-calls/pending-calls.js';
import type { Session } from '../session.js';

/*
 * `rpc.about`: the headers of a call, or of its answer: what is known of it besides what is in it: how much time is left, metadata, whether
 * progress or a stream is wanted. It travels right before what it belongs to, so that it needs no place in any codec's
 * messages; a peer that is not Obverse ignores it.
 */

/**
 * The headers of the next message have come. Throws a ProtocolError for what cannot be understood: they count as not sent, and the rest
 * stands.
 */
export function receiveHeaders(session: Session, args: readonly unknown[]): void {
  const said = fieldsOf(args[0]);
  if (said === undefined) throw new ProtocolError('rpc.about takes one object');
  const { call, answer } = said;
  if (isId(answer)) {
    session.pendingCall(answer)?.about?.(answerAboutOf(said));
    if (said.tagged === true) session.tagged = answer;
  } else if (isId(call)) session.callHeaders.expect({ call, about: aboutOf(said) });
  else throw new ProtocolError('rpc.about must name either the call or the answer that it is about');
  const wrong = unusableIn(said);
  if (wrong !== undefined) throw new ProtocolError(wrong);
}

function aboutOf({ timeout, metadata, progress, window, tagged }: Fields): About {
  return {
    ...(isTimeout(timeout) && { timeout }),
    ...(isFields(metadata) && { metadata }),
    ...(progress === true && { progress }),
    ...(isWindow(window) && { window }),
    ...(tagged === true && { tagged }),
  };
}

function answerAboutOf({ metadata, tagged }: Fields): AnswerAbout {
  return { ...(isFields(metadata) && { metadata }), ...(tagged === true && { tagged }) };
}

/** What is wrong with the fields that are there, for people; undefined if nothing is. */
function unusableIn({ timeout, metadata, progress, window, tagged }: Fields): string | undefined {
  const wrong: string[] = [];
  if (timeout !== undefined && !isTimeout(timeout)) wrong.push('"timeout" is a number above 0');
  if (metadata !== undefined && !isFields(metadata)) wrong.push('"metadata" is an object');
  if (progress !== undefined && typeof progress !== 'boolean') wrong.push('"progress" is true or false');
  if (window !== undefined && !isWindow(window)) wrong.push('"window" is a list of two whole numbers of 1 or more');
  if (tagged !== undefined && typeof tagged !== 'boolean') wrong.push('"tagged" is true or false');
  return wrong.length === 0 ? undefined : `a part of rpc.about is ignored: ${wrong.join(', and ')}`;
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields | undefined {
  return isFields(value) ? value : undefined;
}

function isFields(value: unknown): value is Metadata {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTimeout(value: unknown): value is number {
  return typeof value === 'number' && value > 0;
}

function isWindow(value: unknown): value is readonly [items: number, bytes: number] {
  return Array.isArray(value) && isSize(value[0]) && isSize(value[1]);
}

/** Infinity is as much as the limits of this side allow. */
function isSize(value: unknown): boolean {
  return typeof value === 'number' && value >= 1 && Math.floor(value) === value;
}

function isId(value: unknown): value is Id {
  return value === null || typeof value === 'number' || typeof value === 'string';
}
