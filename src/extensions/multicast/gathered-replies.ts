import { letTakeOut } from '../../base/bound-methods.js';
import { Aborted, UsageError } from '../../contract/errors.js';
import type { Fulfilled, Gathered, Gathering } from '../../types/gathering.js';

/** The request to one of the receivers, while it is open and afterwards. */
export interface Answering {
  /** Undefined as long as the call is open. */
  readonly outcome: Gathered<unknown> | undefined;
  /** Nobody needs the answer any more: it is rejected, unless it is there. */
  giveUp(reason: Aborted): void;
}

/** Who wants to know as soon as it can be said: looks at what has come, and gives true if it needs no more. */
type Judge = () => boolean;

/** What several receivers answer to one request, as it comes. Each of them costs one object and no promise. */
export class AnswersOfMany implements Gathering<unknown> {
  readonly parts: Answering[] = [];
  /** In the order of their coming. */
  private readonly outcomes: Gathered<unknown>[] = [];
  private readonly successes: Fulfilled<unknown>[] = [];
  private judges: Judge[] = [];
  /** Why nobody could be asked. */
  private failed: { readonly reason: unknown } | undefined;
  private readonly all: Promise<Gathered<unknown>[]>;

  /** `begin` fills `parts` before it sends the first of them. What it throws fails the whole. */
  constructor(
    readonly path: string,
    begin: (whole: AnswersOfMany) => void,
  ) {
    this.all = new Promise((resolve, reject) => {
      const settle = (): boolean => {
        if (this.failed !== undefined) reject(this.failed.reason);
        else if (this.left === 0) resolve(this.parts.map(({ outcome }) => outcome as Gathered<unknown>));
        else return false;
        return true;
      };
      this.judges.push(settle);
    });
    try {
      begin(this);
    } catch (reason) {
      this.failed = { reason };
      this.judge();
    }
  }

  get [Symbol.toStringTag](): string {
    return 'Gathering';
  }

  /** How many have not answered yet. */
  private get left(): number {
    return this.parts.length - this.outcomes.length;
  }

  // ---- what comes ---------------------------------------------------------------------------------------------------

  /** One of the parts is settled. */
  came(outcome: Gathered<unknown>): void {
    this.outcomes.push(outcome);
    if (outcome.status === 'fulfilled') this.successes.push(outcome);
    this.judge();
  }

  giveUp(reason = 'no more answers are needed'): void {
    if (this.left === 0) return;
    const aborted = new Aborted(`the call was cancelled: ${reason}`);
    for (const part of this.parts) part.giveUp(aborted);
  }

  private judge(): void {
    const { judges } = this;
    // One that is satisfied may give up the others, and so bring us here again.
    this.judges = [];
    for (const judge of judges) if (!judge()) this.judges.push(judge);
  }

  private watch(judge: Judge): void {
    if (!judge()) this.judges.push(judge);
  }

  // ---- what is made of it -------------------------------------------------------------------------------------------

  // biome-ignore lint/suspicious/noThenProperty: it is a promise
  then<A = Gathered<unknown>[], B = never>(
    fulfilled?: ((all: Gathered<unknown>[]) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.all.then(fulfilled, rejected);
  }

  catch<B = never>(rejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<Gathered<unknown>[] | B> {
    return this.all.catch(rejected);
  }

  finally(finished?: (() => void) | null): Promise<Gathered<unknown>[]> {
    return this.all.finally(finished);
  }

  async first(): Promise<unknown> {
    const [answer] = await this.quorum(1);
    return answer?.value;
  }

  quorum(count: number): Promise<Fulfilled<unknown>[]> {
    this.heard();
    if (!Number.isInteger(count) || count < 1) {
      return Promise.reject(new UsageError(`a quorum is a whole number from 1, not ${String(count)}`));
    }
    return new Promise((resolve, reject) => {
      this.watch(() => {
        const { successes, left, failed } = this;
        if (failed !== undefined) reject(failed.reason);
        else if (successes.length >= count) {
          resolve(successes.slice(0, count));
          this.giveUp(count === 1 ? 'another receiver has answered' : 'enough other receivers have answered');
        } else if (successes.length + left < count) {
          reject(this.shortOf(count));
          this.giveUp('too few other receivers have answered');
        } else return false;
        return true;
      });
    });
  }

  private shortOf(count: number): AggregateError {
    const reasons: Error[] = [];
    for (const { outcome } of this.parts) if (outcome?.status === 'rejected') reasons.push(outcome.reason);
    const [first] = reasons;
    const because = first === undefined ? '' : `; the first one: ${first.message}`;
    const wanted = `${count} of ${this.parts.length} receivers were to answer ${this.path}`;
    return new AggregateError(reasons, `${wanted}, and ${reasons.length} have failed${because}`);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Gathered<unknown>> {
    this.heard();
    let next = 0;
    let over = false;
    const end: IteratorReturnResult<undefined> = { done: true, value: undefined };
    const iterator: AsyncIterableIterator<Gathered<unknown>> = {
      next: () =>
        new Promise((resolve, reject) => {
          this.watch(() => {
            const outcome = this.outcomes[next];
            if (over) resolve(end);
            else if (this.failed !== undefined) {
              over = true;
              reject(this.failed.reason);
            } else if (outcome !== undefined) {
              next++;
              resolve({ done: false, value: outcome });
            } else if (this.left === 0) resolve(end);
            else return false;
            return true;
          });
        }),
      return: async () => {
        over = true;
        this.giveUp();
        return end;
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  /** Whoever asks so hears why nobody could be asked: nobody else needs to. */
  private heard(): void {
    if (this.failed !== undefined) this.all.catch(() => {});
  }
}

letTakeOut(AnswersOfMany.prototype, ['first', 'quorum', 'giveUp'], 'anew');
