import { leaveTogether } from '../../base/clock.js';
import { setTimer } from '../../base/time.js';

/** How long, in milliseconds, what has come is not acknowledged where little comes. */
const LATE_MS = 5_000;

/** A session that owes its peer an acknowledgement. */
export interface OwingAck {
  acknowledge(): void;
}

/** Those that owe one, for the whole process: one timer for all of them, which does not keep the process alive. */
let owing = new Set<OwingAck>();
let waits = false;

const prompt = new WeakSet<OwingAck>();

/** From now on, the acknowledgements of a session leave with the turn in which something has come. */
export function acknowledgeAtOnce(journal: OwingAck): void {
  prompt.add(journal);
}

/** An acknowledgement leaves in a while, at the latest. */
export function oweAck(journal: OwingAck): void {
  if (prompt.has(journal)) {
    leaveTogether({ flush: () => journal.acknowledge() });
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
