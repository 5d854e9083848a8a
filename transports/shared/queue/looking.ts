import { clearTimer, setTimer, type Timer } from '../../../src/base/time.js';

/**
 * Looks again and again what is to be done, one at a time: at once when something has changed, and otherwise after as many ms as the last
 * look has said.
 */
export class Looking {
  private running: Promise<void> | undefined;
  private again = false;
  private stopped = false;
  private timer: Timer | undefined;

  /** `failed` is called with what a look has thrown, and says after how many ms to look again. */
  constructor(
    private readonly look: () => Promise<number>,
    private readonly failed: (error: unknown) => number,
  ) {}

  /** Something may have changed. */
  now(): void {
    if (this.stopped) return;
    this.again = true;
    this.running ??= this.run();
  }

  /** Looks in so many ms, or earlier. */
  within(ms: number): void {
    if (this.stopped) return;
    if (this.running !== undefined) this.again = true;
    else this.timer ??= setTimer(ms, () => this.now());
  }

  /** Looks no more. Resolves when the present look is over. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimer(this.timer);
    await this.running;
  }

  private async run(): Promise<void> {
    clearTimer(this.timer);
    this.timer = undefined;
    // Within no call of who has reported the change.
    await undefined;
    let wait = 0;
    while (!this.stopped && (this.again || wait <= 0)) {
      this.again = false;
      try {
        wait = await this.look();
      } catch (error) {
        wait = this.stopped ? 1 : Math.max(1, this.failed(error));
      }
    }
    this.running = undefined;
    if (this.stopped || wait === Number.POSITIVE_INFINITY) return;
    this.timer = setTimer(wait, () => this.now());
  }
}
