import type { AnswerAbout } from './asked.js';
import type { About, Id, Metadata } from './contract.js';
import { ProtocolError } from './errors.js';
import type { Session } from './session.js';

/*
 * `rpc.about`: what is said of a call, or of its answer, besides what is in it: how much time is left, metadata, whether
 * progress or a stream is wanted. It travels right before what it speaks of, so that it needs no place in any codec's
 * messages; a stranger ignores it.
 */

/** What has been said, and of which message: the call with this id, or (null) the next notification. */
export interface Said {
  readonly call: Id;
  readonly about: About;
}

/** Something is said of the next message. Throws a ProtocolError for what cannot be understood: it counts as not said. */
export function hearAbout(session: Session, args: readonly unknown[]): void {
  const said = fieldsOf(args[0]);
  if (said === undefined) throw new ProtocolError('rpc.about takes one object');
  const { call, answer } = said;
  if (isId(answer)) {
    session.waiter(answer)?.about?.(answerAboutOf(said));
    if (said.tagged === true) session.inbox.expectTagged(answer);
  } else if (isId(call)) session.inbox.expect({ call, about: aboutOf(said) });
  else throw new ProtocolError('rpc.about names neither the call nor the answer that it speaks of');
}

function aboutOf({ timeout, metadata, progress, window, tagged }: Fields): About {
  const [items, bytes] = Array.isArray(window) ? (window as unknown[]) : [];
  return {
    ...(typeof timeout === 'number' && timeout > 0 && { timeout }),
    ...(isFields(metadata) && { metadata }),
    ...(progress === true && { progress }),
    ...(isCount(items) && isCount(bytes) && { window: [items, bytes] as const }),
    ...(tagged === true && { tagged }),
  };
}

function answerAboutOf({ metadata, tagged }: Fields): AnswerAbout {
  return { ...(isFields(metadata) && { metadata }), ...(tagged === true && { tagged }) };
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields | undefined {
  return isFields(value) ? value : undefined;
}

function isFields(value: unknown): value is Metadata {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && value > 0;
}

function isId(value: unknown): value is Id {
  return value === null || typeof value === 'number' || typeof value === 'string';
}
