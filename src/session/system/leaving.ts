import type { Session, SystemNotifications } from '../session.js';

/**
 * `[ms]`: who sends it begins nothing more in this session if it can help it, and ends it in so many milliseconds at the latest. Who listens is
 * about to close: the other end begins its next session over another link. Where the session can go on over another link, it then says the
 * same, and who listens ends the session when nothing is open in it, and everything has arrived.
 */
const LEAVING = 'rpc.leaving';
/** The longest time that is believed, in milliseconds: an hour. */
const LONGEST_MS = 3_600_000;

/** What becomes of a session whose other end leaves it; `Link.leaving` where nothing is set. */
export const leftBy: WeakMap<Session, (ms: number) => void> = new WeakMap();

export const leavingNotifications: SystemNotifications = {
  [LEAVING]: (session, [ms]) => {
    if (!Number.isSafeInteger(ms) || (ms as number) < 0) return;
    const within = Math.min(ms as number, LONGEST_MS);
    const left = leftBy.get(session);
    if (left === undefined) session.link.leaving?.(within);
    else left(within);
  },
};

/** Notifies the other end that this one leaves the session, in so many milliseconds at the latest. */
export function sayLeaving(session: Session, ms: number): void {
  session.sendSystem(LEAVING, [Math.max(0, Math.round(ms))]);
}
