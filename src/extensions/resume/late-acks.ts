import { leaveTogether } from '../../base/clock.js';
import { setTimer } from '../../base/time.js';

/** How long, in milliseconds, what has come is not acknowledged where little comes. */
const LATE_MS = 5_000;

/** A session that owes its peer an acknowledgement. */
export interface OwingAck {
  readonly session: { flush(): void };
  acknowledge(): void;
}

/** Those that owe one, for the whole process: one timer for all of them, which does not keep the process alive. */
let owing = new Set<OwingAck>();
let waits = false;

const prompt = new WeakSet<OwingAck>();

/** From now on, the acknowledgements of a session leave with the turn in which something has come. */
export function acknowledgeAtOnce(journal: OwingAck): void {
  prompt.add(journal);
  leaveTogether({ flush: () => acknowledgeNow(journal) });
}

/** Behind all that was posted: the other end may end the session when it has this. */
function acknowledgeNow(journal: OwingAck): void {
  journal.session.flush();
  journal.acknowledge();
}

/** An acknowledgement leaves in a while, at the latest. */
export function oweAck(journal: OwingAck): void {
  if (prompt.has(journal)) {
    leaveTogether({ flush: () => acknowledgeNow(journal) });
    return;
  }
  owing.add(journal);
  if (waits) return;
  waits = true;
  setTimer(LATE_MS, () => {
    waits = false;
    const due = owing;
    owing = new Set();
    for (const each of due) each.acknowledge();
  }).unref();
}
