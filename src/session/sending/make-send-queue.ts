import type { Session, SessionHost } from '../session.js';
import { SendQueue } from './send-queue.js';

/** Makes the send queue of a session whose link asks for a proof of the address (`Link.proved`). */
export type MakeSendQueue = (session: Session & ConstructorParameters<typeof SendQueue>[0]) => SendQueue;

/** The side of a session, with its kind of send queue. */
export interface SendQueueHost extends SessionHost {
  /** Undefined where no transport asks for a proof. */
  readonly unprovedQueue: MakeSendQueue | undefined;
}

/** The send queue of a session: the one of the extension where its link asks for a proof of the address. */
export function makeSendQueue(session: Parameters<MakeSendQueue>[0], host: SendQueueHost): SendQueue {
  const make = session.link.proved === undefined ? undefined : host.unprovedQueue;
  return make === undefined ? new SendQueue(session) : make(session);
}
