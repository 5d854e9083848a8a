import { afterTurn, time } from './time.js';

/** How many messages of one peer are dispatched in one turn of the event loop, and for how many milliseconds. */
const MESSAGES = 1_000;
const MS = 5;
/** The clock is looked at once for so many messages. */
export const STEP = 16;

/** The turns of the event loop, counted while somebody asks. */
let turn = 0;
let counting = false;

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
  private turn = -1;
  private messages = 0;
  private since = 0;

  /**
   * So many messages more were dispatched. Gives after how many to ask again, or 0 if that is enough for this turn. Where
   * messages take long, it wants to be asked after each.
   */
  spend(messages: number): number {
    const at = currentTurn();
    if (at !== this.turn) {
      this.turn = at;
      this.messages = messages;
      this.since = time();
      return STEP;
    }
    this.messages += messages;
    const spent = time() - this.since;
    if (this.messages >= MESSAGES || spent >= MS) return 0;
    return spent > 1 ? 1 : STEP;
  }
}
