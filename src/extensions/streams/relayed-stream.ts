import type { Items } from '../../types/method.js';
import { type Source, sourceOf } from './source.js';

type Step = IteratorResult<unknown, undefined>;

/** Is told that a stream is over, and how many items it has given; with an error, that it has failed. Once. */
export type Over = (items: number, failure?: { readonly error: unknown }) => void;

/** The same stream, of whose end somebody is told. `path` is the method, for texts. */
export function watchedStream(source: unknown, path: string, over: Over): Items<unknown> {
  return new RelayedStream(() => sourceOf(source, path), over);
}

/**
 * The stream for a caller, of whatever an interceptor gives for one: an iterable, or a promise of one. What it rejects with is
 * told by the first `next()`; where it is `quiet`, what goes wrong only ends the stream.
 */
export function streamOf(given: unknown, path: string, quiet: boolean): Items<unknown> {
  if (!quiet && isItems(given)) return given;
  const source = Promise.resolve(given).then((items) => sourceOf(items, `an interceptor of ${path}`));
  source.catch(() => {});
  return new RelayedStream(() => source, undefined, quiet);
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

/** Gives the items of a source, which is opened when it is first asked for something. */
class RelayedStream implements Items<unknown> {
  private opened: Promise<Source> | Source | undefined;
  private items = 0;
  private ended = false;

  constructor(
    private readonly open: () => Promise<Source> | Source,
    private readonly over?: Over,
    private readonly quiet = false,
  ) {}

  private get source(): Promise<Source> | Source {
    this.opened ??= this.open();
    return this.opened;
  }

  private end(failure?: { readonly error: unknown }): Step {
    if (!this.ended) this.over?.(this.items, failure);
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
      if (this.quiet) return last;
      throw error;
    }
  }

  async return(): Promise<Step> {
    await this.leave();
    return { done: true, value: undefined };
  }

  async throw(error?: unknown): Promise<Step> {
    await this.leave(error);
    throw error;
  }

  private async leave(reason?: unknown): Promise<void> {
    if (this.ended) return;
    this.end();
    let source: Source;
    try {
      source = await this.source;
    } catch {
      // What was never opened needs no end.
      return;
    }
    await source.close(reason);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave();
  }
}
