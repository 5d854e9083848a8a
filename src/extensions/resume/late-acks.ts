import { flushAtEndOfTurn } from '../../base/clock.js';
import { setTimer } from '../../base/time.js';

/** How long, in milliseconds, what has come is not acknowledged where little comes. */
const LATE_MS = 5_000;

/** A session that owes its peer an acknowledgement. */
export interface OwingAck {
  readonly session: { flush(): void; readonly sendQueue: { send(isEnd: boolean): void } };
  readonly numbers: { readonly isDue: boolean };
  acknowledge(): void;
}

/** Those that owe one, for the whole process: one timer for all of them, which does not keep the process alive. */
let owing = new Set<OwingAck>();
let waits = false;

const prompt = new WeakSet<OwingAck>();

/** From now on, the acknowledgements of a session leave with the turn in which something has come. */
export function acknowledgeAtOnce(journal: OwingAck): void {
  prompt.add(journal);
  flushAtEndOfTurn({ flush: () => acknowledgeNow(journal) });
}

/** Behind all that was posted: the other end may end the session when it has this. */
function acknowledgeNow(journal: OwingAck): void {
  journal.session.flush();
  journal.acknowledge();
}

/** Those whose acknowledgement leaves with this turn. */
let due = new Set<OwingAck>();

/**
 * An acknowledgement leaves with the turn: the bytes of a frame count with the first of its messages, and the others, which take their
 * share of the window of the peer, are to be acknowledged with it.
 */
export function oweAckNow(journal: OwingAck): void {
  if (due.has(journal)) return;
  due.add(journal);
  if (due.size === 1) flushAtEndOfTurn({ flush: acknowledgeDue });
}

function acknowledgeDue(): void {
  const journals = due;
  due = new Set();
  for (const each of journals) {
    // With what leaves in this turn, if something does.
    each.session.sendQueue.send(true);
    // Those that have gone on over another connection meanwhile have reported there how far they are.
    if (each.numbers.isDue) acknowledgeNow(each);
  }
}

/** An acknowledgement leaves in a while, at the latest. */
export function oweAck(journal: OwingAck): void {
  if (prompt.has(journal)) {
    flushAtEndOfTurn({ flush: () => acknowledgeNow(journal) });
    return;
  }
  owing.add(journal);
  if (waits) return;
  waits = true;
  setTimer(LATE_MS, () => {
    waits = false;
    const late = owing;
    owing = new Set();
    for (const each of late) each.acknowledge();
  }).unref();
}
