/** How long, in milliseconds, `called` waits for what does not come. */
const WITHIN_MS = 2_000;

/** One who waits for a call of a certain number. */
interface Waiting {
  readonly times: number;
  resolve(args: unknown[]): void;
}

/** The calls of one method that have come to a fake. */
export class FakeCalls {
  readonly calls: unknown[][] = [];
  private readonly waiting = new Set<Waiting>();

  /** `path`: what the method is called in messages. */
  constructor(protected readonly path: string) {}

  /**
   * Waits for the call of that number. The time is the runtime's own: a test that has stopped the clock of the library waits here
   * for its program.
   */
  called(times = 1, withinMs = WITHIN_MS): Promise<unknown[]> {
    const args = this.calls[times - 1];
    if (args !== undefined) return Promise.resolve(args);
    // The stack of an error that is made when the time is over shows nothing of the test.
    const site = new Error();
    Error.captureStackTrace?.(site, this.called);
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        times,
        resolve: (come) => {
          clearTimeout(timer);
          resolve(come);
        },
      };
      const late = (): void => {
        this.waiting.delete(waiting);
        const often = this.calls.length === 1 ? 'once' : `${this.calls.length} times`;
        const error = new Error(`${this.path} was called ${often} within ${withinMs} ms, and not ${times}`);
        if (site.stack !== undefined)
          error.stack = site.stack.replace(/^Error(?:: )?(?=\n)/, `Error: ${error.message}`);
        reject(error);
      };
      const timer = setTimeout(late, withinMs);
      this.waiting.add(waiting);
    });
  }

  protected note(args: unknown[]): void {
    const count = this.calls.push(args);
    for (const waiting of this.waiting) {
      if (waiting.times !== count) continue;
      this.waiting.delete(waiting);
      waiting.resolve(args);
    }
  }

  /** Whoever waits, waits on: for calls that are counted anew. */
  protected clear(): void {
    this.calls.length = 0;
  }
}
