import { afterTurn } from '../../../src/base/time.js';
import { ConnectionLost } from '../../../src/contract/errors.js';

/** Nothing was sent. */
export const NOT_SENT = { maybeExecuted: false } as const;

/** What was thrown, as an error. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** The error of an attempt that has brought up no link: no call was carried out. */
export function notExecuted(error: unknown): unknown {
  return error instanceof ConnectionLost ? Object.assign(error, NOT_SENT) : error;
}

/** What a side waits for before it can use the link that is up: that the link is admitted, and what else has to be done first. */
export class Awaited {
  /** Why something was rejected. */
  refusal: Error | undefined;
  private readonly promises = new Set<Promise<unknown>>();
  private reject: ((why: Error) => void) | undefined;

  /** `done` is called each time that nothing is left to wait for. */
  constructor(private readonly done: () => void) {}

  get isDone(): boolean {
    return this.promises.size === 0;
  }

  add(usable: Promise<unknown>): void {
    this.promises.add(usable);
    const settled = (refusal?: Error): void => {
      this.promises.delete(usable);
      this.refusal ??= refusal;
      if (this.isDone && this.refusal === undefined) this.done();
    };
    usable.then(
      () => settled(),
      (error: unknown) => settled(asError(error)),
    );
  }

  /** Resolves when all have resolved. Rejects with the reason of the first one that rejects, and with that of `stop`. */
  async all(): Promise<void> {
    const stopped = new Promise<never>((_resolve, reject) => {
      this.reject = reject;
    });
    try {
      // Another one may be added before this one resolves.
      for (let [first] = this.promises; first !== undefined; [first] = this.promises)
        await Promise.race([first, stopped]);
    } finally {
      this.reject = undefined;
    }
    if (this.refusal !== undefined) throw this.refusal;
  }

  stop(why: Error): void {
    this.reject?.(why);
  }

  /** The link has ended: the side has a turn to report why it cannot use it. */
  linkEnded(why: Error): void {
    const { reject } = this;
    if (reject !== undefined) afterTurn(() => reject(why));
  }
}
