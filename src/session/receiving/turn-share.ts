import { afterTurn, time } from '../../base/time.js';

/** How many messages of one peer are dispatched in one turn of the event loop, and for how many milliseconds. */
const MESSAGES = 1_000;
const MS = 5;
/** The clock is looked at once for so many messages. */
export const STEP = 16;

/**
 * So much is dispatched before a session asks which turn of the event loop it is: to know costs a turn that does not wait. What is
 * left of the share holds what arrives at once where 64 calls are open.
 */
const UNASKED_MESSAGES = (MESSAGES * 3) / 4;
const UNASKED_MS = 3;
/** Of that time, so much counts: the rest may have been spent waiting for the peer. */
const COUNTED_MS = 2;
/** Where the last messages took so long, in milliseconds, the clock is looked at after each. */
const SLOW_MS = 0.5;

/** Counts the turns of the event loop while a session uses it. */
let turn = 0;
let counting = false;

/** The present turn, which is counted from now on. */
function currentTurn(): number {
  if (!counting) {
    counting = true;
    afterTurn(nextTurn);
  }
  return turn;
}

function nextTurn(): void {
  counting = false;
  turn++;
}

/** What one session has dispatched in the present turn of the event loop. Made with its first {@link STEP} messages. */
export class TurnShare {
  /** The turn in which everything since the last question was dispatched; undefined while that may be several. */
  private turn: number | undefined;
  private messages = 0;
  private since = 0;
  /** When the clock was looked at last. */
  private seen = 0;
  /** After how many messages of the next turn to ask for the first time: after one, if those of this turn took long. */
  next: typeof STEP | 1 = STEP;

  /**
   * So many messages more were dispatched. Returns after how many to ask again, or 0 if that is enough for this turn. Where
   * messages take long, it wants to be asked after each.
   */
  spend(messages: number): number {
    const at = time();
    const took = at - this.seen;
    this.seen = at;
    if (this.turn !== undefined && this.turn !== turn) {
      this.turn = this.next === 1 ? currentTurn() : undefined;
      this.next = STEP;
      this.messages = 0;
      this.since = at;
      // The one message that there was may have waited for the peer.
      if (this.turn !== undefined) return 1;
    }
    this.messages += messages;
    const spent = at - this.since;
    if (this.turn !== undefined) {
      if (spent >= MS) this.next = 1;
      if (this.messages >= MESSAGES || spent >= MS) return 0;
    } else if (this.messages >= UNASKED_MESSAGES || spent > UNASKED_MS) {
      this.turn = currentTurn();
      this.since = Math.max(this.since, at - COUNTED_MS);
    } else return STEP;
    return took > SLOW_MS ? 1 : STEP;
  }
}
