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

/** An acknowledgement leaves in a while, at the latest. */
export function oweAck(journal: OwingAck): void {
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
