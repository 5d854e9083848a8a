type Step = IteratorResult<unknown, unknown>;
interface Steps {
  next(...given: unknown[]): Step | Promise<Step>;
  return?(value?: unknown): Step | Promise<Step>;
  throw?(error?: unknown): Step | Promise<Step>;
}

/** Is told that a stream is over, and how many items it has given; with an error, that it has failed. Once. */
export type Over = (items: number, failure?: { readonly error: unknown }) => void;

/** A source of items as an iterator, opened when it is first asked for one; undefined for what is no source. */
function opener(source: unknown): (() => Steps) | undefined {
  if (typeof source !== 'object' || source === null) return undefined;
  const { [Symbol.asyncIterator]: slow, [Symbol.iterator]: quick } = source as Partial<Record<symbol, () => Steps>>;
  const open = slow ?? quick;
  return typeof open === 'function' ? () => open.call(source) : undefined;
}

/** The same stream, of whose end somebody is told. What is no stream is left as it is. */
export function watchedStream(source: unknown, over: Over): unknown {
  const open = opener(source);
  return open === undefined ? source : new RelayedStream(open, over);
}

/** A stream for a caller, of whatever an interceptor gives for one: an iterator, an iterable, or a promise of either. */
export function streamOf(given: unknown, path: string): AsyncIterableIterator<unknown> {
  if (isFull(given)) return given;
  return new RelayedStream(async () => {
    const source: unknown = await given;
    const open = opener(source);
    if (open !== undefined) return open();
    throw new TypeError(`${path}: an interceptor of a stream gives an iterable, and not ${String(source)}`);
  });
}

function isFull(given: unknown): given is AsyncIterableIterator<unknown> {
  return (
    typeof given === 'object' &&
    given !== null &&
    Symbol.asyncIterator in given &&
    typeof (given as Partial<Steps>).next === 'function'
  );
}

class RelayedStream implements AsyncIterableIterator<unknown, unknown> {
  private steps: Promise<Steps> | Steps | undefined;
  private items = 0;
  private ended = false;

  constructor(
    private readonly open: () => Promise<Steps> | Steps,
    private readonly over?: Over,
  ) {}

  private get source(): Promise<Steps> | Steps {
    this.steps ??= this.open();
    return this.steps;
  }

  private end(failure?: { readonly error: unknown }): void {
    if (this.ended) return;
    this.ended = true;
    this.over?.(this.items, failure);
  }

  async next(...given: unknown[]): Promise<Step> {
    if (this.ended) return { done: true, value: undefined };
    try {
      const step = await (await this.source).next(...given);
      if (step.done === true) this.end();
      else this.items++;
      return step;
    } catch (error) {
      this.end({ error });
      throw error;
    }
  }

  async return(value?: unknown): Promise<Step> {
    this.end();
    const source = await this.source;
    return (await source.return?.(value)) ?? { done: true, value };
  }

  async throw(error?: unknown): Promise<Step> {
    this.end({ error });
    const source = await this.source;
    if (source.throw !== undefined) return source.throw(error);
    await source.return?.();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
