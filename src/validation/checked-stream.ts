type Step = IteratorResult<unknown, unknown>;
interface Steps {
  next(...given: unknown[]): Step | Promise<Step>;
  return?(value?: unknown): Step | Promise<Step>;
  throw?(error?: unknown): Step | Promise<Step>;
}

/**
 * The same stream, each item of which is what `check` gives for it, or a promise of that. Where it throws or rejects, so does the
 * iteration, and the source is told that nobody wants more. What is no iterable is left as it is.
 */
export function checkedStream(source: unknown, check: (item: unknown) => unknown): unknown {
  if (typeof source !== 'object' || source === null) return source;
  const { [Symbol.asyncIterator]: slow, [Symbol.iterator]: quick } = source as Partial<Record<symbol, () => Steps>>;
  const open = slow ?? quick;
  return typeof open === 'function' ? new CheckedStream(() => open.call(source), check) : source;
}

/** Opens its source when it is first asked for something. */
class CheckedStream implements AsyncIterableIterator<unknown, unknown> {
  private steps: Steps | undefined;
  private over = false;

  constructor(
    private readonly open: () => Steps,
    private readonly check: (item: unknown) => unknown,
  ) {}

  private get source(): Steps {
    this.steps ??= this.open();
    return this.steps;
  }

  async next(...given: unknown[]): Promise<Step> {
    if (this.over) return { done: true, value: undefined };
    const { done, value } = await this.source.next(...given);
    if (done === true) return { done, value };
    try {
      return { done: false, value: await this.check(value) };
    } catch (error) {
      this.over = true;
      // Not awaited: whatever the source says to that, the iteration ends with what is wrong with the item.
      this.leave().catch(() => {});
      throw error;
    }
  }

  async return(value?: unknown): Promise<Step> {
    this.over = true;
    return (await this.leave(value)) ?? { done: true, value };
  }

  async throw(error?: unknown): Promise<Step> {
    this.over = true;
    if (this.source.throw !== undefined) return this.source.throw(error);
    await this.leave();
    throw error;
  }

  private async leave(value?: unknown): Promise<Step | undefined> {
    return this.source.return?.(value);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
