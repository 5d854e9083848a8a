import type { Items } from '../../types/method.js';
import { type Source, sourceOf } from './source.js';

type Step = IteratorResult<unknown, undefined>;

/** Called once when a stream ends, with the number of its items, and with the error if it has failed. */
export type OnEnd = (items: number, failure?: { readonly error: unknown }) => void;

/** The same stream, whose end calls `onEnd`. `path` is the method, for texts. */
export function observedStream(source: unknown, path: string, onEnd: OnEnd): Items<unknown> {
  return new RelayedStream(() => sourceOf(source, path), onEnd);
}

/**
 * The stream for a caller, from whatever an interceptor returns for it: an iterable, or a promise of one. The first `next()` rejects
 * with what the promise rejects with; with `ignoresErrors`, an error only ends the stream.
 */
export function streamFrom(given: unknown, path: string, ignoresErrors: boolean): Items<unknown> {
  if (!ignoresErrors && isItems(given)) return given;
  const source = Promise.resolve(given).then((items) => sourceOf(items, `an interceptor of ${path}`));
  source.catch(() => {});
  return new RelayedStream(() => source, undefined, ignoresErrors);
}

function isItems(given: unknown): given is Items<unknown> {
  return (
    typeof given === 'object' &&
    given !== null &&
    typeof (given as Partial<Items<unknown>>).next === 'function' &&
    Symbol.asyncIterator in given &&
    Symbol.asyncDispose in given
  );
}

/** The items of a source that is opened with the first call. */
class RelayedStream implements Items<unknown> {
  private opened: Promise<Source> | Source | undefined;
  private items = 0;
  private ended = false;

  constructor(
    private readonly open: () => Promise<Source> | Source,
    private readonly onEnd?: OnEnd,
    private readonly ignoresErrors = false,
  ) {}

  private get source(): Promise<Source> | Source {
    this.opened ??= this.open();
    return this.opened;
  }

  private end(failure?: { readonly error: unknown }): Step {
    if (!this.ended) this.onEnd?.(this.items, failure);
    this.ended = true;
    return { done: true, value: undefined };
  }

  async next(): Promise<Step> {
    if (this.ended) return { done: true, value: undefined };
    try {
      const { done, value } = await (await this.source).next();
      if (done === true) return this.end();
      this.items++;
      return { done: false, value };
    } catch (error) {
      const last = this.end({ error });
      if (this.ignoresErrors) return last;
      throw error;
    }
  }

  async return(): Promise<Step> {
    await this.close();
    return { done: true, value: undefined };
  }

  async throw(error?: unknown): Promise<Step> {
    await this.close(error);
    throw error;
  }

  private async close(reason?: unknown): Promise<void> {
    if (this.ended) return;
    this.end();
    let source: Source;
    try {
      source = await this.source;
    } catch {
      // A source that could not be opened needs no closing.
      return;
    }
    await source.close(reason);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
