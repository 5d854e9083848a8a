import { SendQueue } from './send-queue.js';
import type { Session, SessionHost } from './session.js';

/** Makes the send queue of a session whose link asks for a proof of the address (`Link.proved`). */
export type GuardedQueue = (session: Session & ConstructorParameters<typeof SendQueue>[0]) => SendQueue;

/** The side of a session, with its kind of send queue. */
export interface SendQueueHost extends SessionHost {
  /** Undefined where no transport asks for a proof. */
  readonly guardedQueue: GuardedQueue | undefined;
}

/** The send queue of a session: a guarded one where its link asks for a proof of the address. */
export function sendQueueFor(session: Parameters<GuardedQueue>[0], host: SendQueueHost): SendQueue {
  const guarded = session.link.proved === undefined ? undefined : host.guardedQueue;
  return guarded === undefined ? new SendQueue(session) : guarded(session);
}
