/** How long, in milliseconds, `called` waits for a call. */
const WITHIN_MS = 2_000;

/** A caller of `called` that waits for the call with a certain number. */
interface Waiting {
  readonly times: number;
  resolve(args: unknown[]): void;
}

/** The calls of one method of a fake. */
export class FakeCalls {
  readonly calls: unknown[][] = [];
  private readonly waiting = new Set<Waiting>();

  /** `path`: the name of the method in error messages. */
  constructor(protected readonly path: string) {}

  /**
   * Waits for the call with this number, in real time: a test that has stopped the clock of the library waits here for
   * its program.
   */
  called(times = 1, withinMs = WITHIN_MS): Promise<unknown[]> {
    const args = this.calls[times - 1];
    if (args !== undefined) return Promise.resolve(args);
    // The stack of an error that is created when the time is over would not include the test.
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

  /** Callers that wait continue to wait: calls are counted from 1 again. */
  protected clear(): void {
    this.calls.length = 0;
  }
}
