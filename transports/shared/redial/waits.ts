import { isOffline } from '../../../src/base/page-events.js';
import { time } from '../../../src/base/time.js';
import { isPermanent } from '../../../src/contract/permanent.js';
import type { RedialOptions } from './options.js';

/** How often to dial, in milliseconds, while the browser reports that it is offline: it may be wrong. */
const OFFLINE_MS = 30_000;
/** The end of a link may be reported later than the event of the page that has caused it, or has made it known, by so many milliseconds. */
const PROMPT_MS = 5_000;

/** Why no attempt follows, where the side has another transport now. */
export const EXCHANGED = 'the side has exchanged its transport';

/** How many attempts there were, and how long to wait before the next one. */
export class RedialWaits {
  /** How many there were after the first one, or after a link that has lasted. */
  attempts = 0;
  /** If there is no link until then, the next attempt follows without a wait. */
  private promptUntil = 0;

  constructor(private readonly options: RedialOptions) {}

  /** The next attempt is likely to succeed: it follows without a wait, if the link ends soon. */
  hurry(): void {
    this.promptUntil = time() + PROMPT_MS;
  }

  /** Whether no attempt follows after this error. */
  isLast(why: Error): boolean {
    return isPermanent(why) || this.attempts >= this.options.tries;
  }

  /** Counts an attempt, and returns how long to wait before it, in milliseconds. */
  next(): number {
    const { delay, exact } = this.options;
    const [first, longest] = delay;
    const most = Math.min(longest, first * 2 ** this.attempts);
    const isPrompt = time() < this.promptUntil;
    this.promptUntil = 0;
    const wait = isPrompt ? 0 : exact ? most : Math.random() * most;
    this.attempts++;
    return isOffline() ? Math.max(wait, OFFLINE_MS) : wait;
  }
}
