import type { Session, SystemNotifications } from '../../session/session.js';
import { isCount } from './hello-field.js';
import { acknowledgeAtOnce, type OwingAck } from './late-acks.js';

/**
 * `[ms]`: who sends it begins nothing more in this session if it can help it, and ends it in so many milliseconds at the latest. Who listens is
 * about to close: the other end begins its next session over another link, and then says the same. Who listens ends the session when
 * nothing is open in it, and everything has arrived.
 */
const LEAVING = 'rpc.leaving';
/** The longest time that is believed, in milliseconds: an hour. */
const LONGEST_MS = 3_600_000;

/** What becomes of a session whose other end leaves it. */
export const leftBy: WeakMap<Session, (ms: number) => void> = new WeakMap();

/** The messages of a session, which have numbers. */
export const resumeNotifications: SystemNotifications = {
  [LEAVING]: (session, [ms]) => {
    if (isCount(ms)) leftBy.get(session)?.(Math.min(ms, LONGEST_MS));
  },
};

/** Tells the other end that this one leaves the session, in so many milliseconds at the latest. */
export function sayLeaving(session: Session, ms: number): void {
  session.sendSystem(LEAVING, [Math.max(0, Math.round(ms))]);
}

/** The same of who dials: the other end ends the session once it knows that everything has arrived, so it must know that soon. */
export function sayLeft(session: Session, journal: OwingAck, ms: number): void {
  sayLeaving(session, ms);
  acknowledgeAtOnce(journal);
}
