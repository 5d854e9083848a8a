import type { Session } from '../../session/session.js';
import { sayLeaving } from '../../session/system/leaving.js';
import { acknowledgeAtOnce, type OwingAck } from './late-acks.js';

/** Says that this side, which dials, leaves the session: the other end ends it once it knows that everything has arrived, so it must know that soon. */
export function sayLeft(session: Session, journal: OwingAck, ms: number): void {
  sayLeaving(session, ms);
  acknowledgeAtOnce(journal);
}
