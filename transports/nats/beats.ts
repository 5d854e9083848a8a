import { clearTimer, setTimer, type Timer } from '../../src/base/time.js';
import { beatIn } from './reply.js';

/** In ms: how often a side that serves reports, if nothing is specified. */
export const USUAL_BEAT = 1_000;
/** How long, in ms, a side that connects waits for the first answer to its question. */
const PATIENCE_MS = 500;
/**
 * What a side that connects knows about the reports of those who serve: whether there are any, since a server that is not Obverse sends none,
 * and at which interval. It asks when it opens and from time to time; who serves also says it unasked, when it begins.
 */
export class Beats {
  /** Whether a server reports the calls that it has: otherwise, silence has no meaning. */
  reports = false;
  /** The longest beat that was heard, and the longest since the last question; 0: none. */
  private longest = 0;
  private latest = 0;
  private wait: { readonly end: () => void; readonly timer: Timer } | undefined;

  /** `given`: the option `beat`. `send` sends the question. */
  constructor(
    private readonly given: number | undefined,
    private readonly send: () => void,
  ) {}

  /** In ms: for three of these a call may go unreported. The longest one of those who serve, and at least that of the option. */
  get beat(): number {
    return Math.max(this.given ?? 0, this.longest) || USUAL_BEAT;
  }

  /** Asks. What was known before the last question is forgotten: its server may be gone. */
  ask(): void {
    if (this.latest > 0) this.longest = this.latest;
    this.latest = 0;
    this.send();
  }

  /** Asks, and resolves when the first answer is there, or nobody is, or after a moment. */
  async begin(): Promise<void> {
    const answered = new Promise<void>((end) => {
      this.wait = { end, timer: setTimer(PATIENCE_MS, () => this.waited()) };
    });
    this.ask();
    await answered;
  }

  /** An empty message has arrived: if its reply has a beat, somebody serves and reports that often. */
  take(reply: string): void {
    const beat = beatIn(reply);
    if (beat === undefined) return;
    this.reports = true;
    this.latest = Math.max(this.latest, beat);
    this.longest = Math.max(this.longest, beat);
    this.waited();
  }

  /** No server has received the question: those that serve are not Obverse. */
  nobody(): void {
    this.reports = false;
    this.waited();
  }

  end(): void {
    this.waited();
  }

  private waited(): void {
    clearTimer(this.wait?.timer);
    this.wait?.end();
    this.wait = undefined;
  }
}
