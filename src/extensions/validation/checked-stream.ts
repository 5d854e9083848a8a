import type { Items } from '../../types/method.js';
import { type Source, type Step, sourceOf } from '../streams/source.js';

/**
 * The same stream with each item replaced by what `check` returns for it, or a promise of that. If it throws or rejects, so does
 * the iteration, and the source is closed. `what` names the method, for the message if its result is not a stream.
 */
export class CheckedStream implements Items<unknown> {
  private opened: Source | undefined;
  private over = false;

  constructor(
    private readonly given: unknown,
    private readonly what: string,
    private readonly check: (item: unknown) => unknown,
  ) {}

  /** Opened at the first call of `next()`. */
  private get source(): Source {
    this.opened ??= sourceOf(this.given, this.what);
    return this.opened;
  }

  async next(): Promise<IteratorResult<unknown, undefined>> {
    if (this.over) return end;
    let step: Step;
    try {
      step = await this.source.next();
    } catch (error) {
      this.over = true;
      throw error;
    }
    if (step.done === true) {
      this.over = true;
      return end;
    }
    try {
      return { done: false, value: await this.check(step.value) };
    } catch (error) {
      // Not awaited: whatever the source does, the iteration ends with the fault of the item.
      this.leave(error).catch(() => {});
      throw error;
    }
  }

  async return(): Promise<IteratorResult<unknown, undefined>> {
    await this.leave(undefined);
    return end;
  }

  async throw(error?: unknown): Promise<IteratorResult<unknown, undefined>> {
    await this.leave(error);
    throw error;
  }

  private async leave(reason: unknown): Promise<void> {
    if (this.over) return;
    this.over = true;
    await this.source.close(reason);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave(undefined);
  }
}

const end = { done: true, value: undefined } as const;
