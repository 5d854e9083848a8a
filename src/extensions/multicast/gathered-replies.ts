import { makeDetachable } from '../../base/bound-methods.js';
import { Aborted, UsageError } from '../../contract/errors.js';
import type { Fulfilled, Gathered, Gathering } from '../../types/gathering.js';

/** The request to one of the receivers. */
export interface GatherCall {
  /** Undefined while the call is pending. */
  readonly outcome: Gathered<unknown> | undefined;
  /** Cancels the call with this reason, unless it is settled. */
  cancel(reason: Aborted): void;
}

/** Looks at the outcomes so far, settles a promise when it can, and then returns true. */
type SettleCheck = () => boolean;

/** The replies of several receivers to one request, as they arrive. Each receiver costs one object and no promise. */
export class GatheredReplies implements Gathering<unknown> {
  readonly parts: GatherCall[] = [];
  /** In the order of their arrival. */
  private readonly outcomes: Gathered<unknown>[] = [];
  private readonly successes: Fulfilled<unknown>[] = [];
  private checks: SettleCheck[] = [];
  /** Why no request could be sent. */
  private failed: { readonly reason: unknown } | undefined;
  private readonly all: Promise<Gathered<unknown>[]>;

  /** `begin` fills `parts` before it sends the first request. The whole rejects with what it throws. */
  constructor(
    readonly path: string,
    begin: (whole: GatheredReplies) => void,
  ) {
    this.all = new Promise((resolve, reject) => {
      const settle = (): boolean => {
        if (this.failed !== undefined) reject(this.failed.reason);
        else if (this.pendingCount === 0) resolve(this.parts.map(({ outcome }) => outcome as Gathered<unknown>));
        else return false;
        return true;
      };
      this.checks.push(settle);
    });
    try {
      begin(this);
    } catch (reason) {
      this.failed = { reason };
      this.runChecks();
    }
  }

  get [Symbol.toStringTag](): string {
    return 'Gathering';
  }

  /** How many calls are pending. */
  private get pendingCount(): number {
    return this.parts.length - this.outcomes.length;
  }

  // ---- outcomes -----------------------------------------------------------------------------------------------------

  /** One of the calls is settled. */
  settled(outcome: Gathered<unknown>): void {
    this.outcomes.push(outcome);
    if (outcome.status === 'fulfilled') this.successes.push(outcome);
    this.runChecks();
  }

  cancel(reason = 'no more answers are needed'): void {
    if (this.pendingCount === 0) return;
    const aborted = new Aborted(`the call was cancelled: ${reason}`);
    for (const part of this.parts) part.cancel(aborted);
  }

  private runChecks(): void {
    const { checks } = this;
    // A check that succeeds may cancel the other calls, which calls this again.
    this.checks = [];
    for (const check of checks) if (!check()) this.checks.push(check);
  }

  private addCheck(check: SettleCheck): void {
    if (!check()) this.checks.push(check);
  }

  // ---- the public interface -----------------------------------------------------------------------------------------

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
    this.ignoreRejection();
    if (!Number.isInteger(count) || count < 1) {
      return Promise.reject(new UsageError(`a quorum must be a whole number of 1 or more, not ${String(count)}`));
    }
    return new Promise((resolve, reject) => {
      this.addCheck(() => {
        const { successes, pendingCount, failed } = this;
        if (failed !== undefined) reject(failed.reason);
        else if (successes.length >= count) {
          resolve(successes.slice(0, count));
          this.cancel(count === 1 ? 'another receiver has answered' : 'enough other receivers have answered');
        } else if (successes.length + pendingCount < count) {
          reject(this.shortOf(count));
          this.cancel('too few other receivers have answered');
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
    const wanted = `${this.path} needs replies from ${count} of ${this.parts.length} receivers`;
    return new AggregateError(reasons, `${wanted}, and ${reasons.length} have failed${because}`);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Gathered<unknown>> {
    this.ignoreRejection();
    let next = 0;
    let over = false;
    const end: IteratorReturnResult<undefined> = { done: true, value: undefined };
    const iterator: AsyncIterableIterator<Gathered<unknown>> = {
      next: () =>
        new Promise((resolve, reject) => {
          this.addCheck(() => {
            const outcome = this.outcomes[next];
            if (over) resolve(end);
            else if (this.failed !== undefined) {
              over = true;
              reject(this.failed.reason);
            } else if (outcome !== undefined) {
              next++;
              resolve({ done: false, value: outcome });
            } else if (this.pendingCount === 0) resolve(end);
            else return false;
            return true;
          });
        }),
      return: async () => {
        over = true;
        this.cancel();
        return end;
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  /** The promise that is returned rejects with the failure: the whole must not be reported as an unhandled rejection as well. */
  private ignoreRejection(): void {
    if (this.failed !== undefined) this.all.catch(() => {});
  }
}

makeDetachable(GatheredReplies.prototype, ['first', 'quorum', 'cancel'], 'anew');
