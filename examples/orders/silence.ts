/** Waits until all is done, or until nothing has happened for some time. */
export class Silence {
  /** Resolves at the end, and rejects if something has failed. */
  readonly over: Promise<void>;
  private readonly controller = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private pauses = 0;
  private resolve: () => void = () => {};
  private readonly ms: number;

  /** `ms`: how long nothing has to happen. An aborted `signal` is a failure. */
  constructor(ms: number, signal: AbortSignal) {
    this.ms = ms;
    this.over = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.signal.addEventListener('abort', () => reject(this.signal.reason));
    });
    this.over.catch(() => {});
    signal.addEventListener('abort', () => this.fail(signal.reason), { once: true });
  }

  /** Aborts when something has failed. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Something has happened. */
  heard(): void {
    clearTimeout(this.timer);
    // It alone does not keep the program running: after the end, something may happen once more.
    if (this.pauses === 0) this.timer = setTimeout(this.resolve, this.ms).unref();
  }

  /** Something is expected, however long it takes: as many calls of `resume` end that. */
  pause(): void {
    this.pauses++;
    this.heard();
  }

  resume(): void {
    this.pauses--;
    this.heard();
  }

  /** All is done. */
  end(): void {
    this.resolve();
  }

  fail(error: Error): void {
    this.controller.abort(error);
  }
}
