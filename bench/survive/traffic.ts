import { Ledger } from './ledger.js';
import { ITEM_MS, type RunOptions } from './spec.js';

const TICK_MS = 10;
/** How many calls are made later, at most. */
const MOST_LATE = 100;
/** How long to wait before a stream or a callback is opened again. */
const AGAIN_MS = 50;

/** What one end calls at the other. Undefined while there is nobody. */
export interface FarSide {
  call(n: number): Promise<number>;
  note(n: number): void;
  items(from: number): AsyncIterable<number>;
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The calls, notifications and streams of one end. */
export class Sender {
  readonly ledger: Ledger;
  isRunning = true;
  private readonly loops: Promise<void>[] = [];
  private readonly ticker: NodeJS.Timeout;
  private last = performance.now();
  private due = 0;

  constructor(
    private readonly options: RunOptions,
    private readonly far: () => FarSide | undefined,
  ) {
    this.ledger = new Ledger(options.most);
    this.ticker = setInterval(() => this.tick(), TICK_MS);
    for (let stream = 0; stream < Math.floor(options.streams / 2); stream++) this.loop(this.consumer());
  }

  /** Repeats something that fails when a session is lost, until the traffic ends. */
  loop(body: () => Promise<void>): void {
    this.loops.push(this.repeat(body));
  }

  private async repeat(body: () => Promise<void>): Promise<void> {
    while (this.isRunning) {
      await body();
      if (this.isRunning) await sleep(AGAIN_MS);
    }
  }

  private tick(): void {
    const now = performance.now();
    const { rate, most } = this.options;
    const far = this.far();
    // While nobody can be called, no calls are due. After a busy moment some are made later.
    if (far !== undefined) this.due = Math.min(MOST_LATE, this.due + ((now - this.last) * rate) / 1_000);
    this.last = now;
    const { ledger } = this;
    for (; far !== undefined && this.due >= 1 && ledger.made < most; this.due--) {
      const n = ledger.made++;
      ledger.follow(n, far.call(n));
      if (n % 10 === 0) far.note(++ledger.notesSent);
    }
  }

  /** Reads a stream until it ends; the next one goes on where this one has ended. */
  private consumer(): () => Promise<void> {
    let expected = 0;
    return async () => {
      const far = this.far();
      if (far === undefined) return;
      try {
        for await (const n of far.items(expected)) {
          expected = this.ledger.came(n, expected);
          if (!this.isRunning) return;
        }
      } catch {
        if (this.isRunning) this.ledger.reopened++;
      }
    };
  }

  /** Makes no more calls, and ends the streams: resolves when their loops have ended. */
  async stop(): Promise<void> {
    this.isRunning = false;
    clearInterval(this.ticker);
    await Promise.all(this.loops);
  }
}

/** Numbers from `from` on, one in {@link ITEM_MS}. */
export async function* countFrom(from: number, ms: number = ITEM_MS): AsyncGenerator<number> {
  for (let n = from; ; n++) {
    yield n;
    await sleep(ms);
  }
}
