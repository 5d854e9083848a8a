import { printable } from '../base/quote.js';
import { ConnectionLost, type RpcError } from '../contract/errors.js';
import type { Session } from './session.js';

/*
 * A brief link is there for its first frame. Its session takes the input as ended behind that frame, and closes the link when everything
 * in it was dealt with: that is what acknowledges a task, and completes the response to a POST.
 */

/** A session, as far as this file needs it. */
export interface BriefSession extends Session {
  noReplyReason: RpcError | undefined;
  /** What has gone wrong first. */
  readonly failure: Error | undefined;
  /** What was posted leaves. */
  last(): void;
  finish(reason: RpcError, how?: 'as it is' | 'closed here'): void;
}

/** Why nothing can be asked over such a link, and why its session has ended where everything was dealt with. */
export const INPUT_ENDED: ConnectionLost = new ConnectionLost(
  'the link is there for one message, so no answer can come over it',
);

/** Begins the session of a brief link: no event is emitted, and it ends by itself. */
export function beginBrief(session: BriefSession): void {
  session.noReplyReason = INPUT_ENDED;
  session.closeWhenIdle();
}

/** Whether the frame is still to come, or its message behind the header of a security. */
export function awaitsFrame({ connection, failure }: Pick<BriefSession, 'connection' | 'failure'>): boolean {
  return failure === undefined && connection !== undefined && connection.size < 0;
}

/**
 * Ends it. Where everything was dealt with, the answer leaves, and the link closes without a reason, or with the first failure. Where work
 * is left, it closes with ConnectionLost: the task is given back.
 */
export function endBrief(session: BriefSession): void {
  const { link, failure, connection } = session;
  // Its frame has come, so `accept` has returned.
  session.sendQueue.isHeld = false;
  const isRead = !awaitsFrame(session) && connection?.queue === undefined && connection?.reading === undefined;
  if (isRead && session.open === 0) {
    session.last();
    session.finish(INPUT_ENDED, 'closed here');
    link.close(failure);
  } else {
    const name = printable(session.peer?.id ?? link.peer);
    const reason = new ConnectionLost(`${name} was ended on this side before everything in its message was handled`);
    session.finish(reason, 'as it is');
    link.close(reason);
  }
}

/** An error for the link, whatever was thrown. */
export function failureOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
