import { isSet } from '../../base/kinds.js';
import { heed, promiseOf } from '../../base/promise-like.js';
import { Code, RpcError } from '../../contract/errors.js';

/** One step of a source: an item, or that there are no more. */
export type Step = IteratorResult<unknown, unknown>;

/** Where the items of a stream come from. */
export interface Source {
  /** The next item, or a promise of it. Not asked for again before that has settled. */
  next(): Step | PromiseLike<Step>;
  /** Nobody wants more: what the source holds is freed. A generator runs its `finally`, at the latest when its `await` ends. */
  close(reason: unknown): unknown;
}

interface Reader {
  read(): Promise<{ readonly done: boolean; readonly value?: unknown }>;
  cancel(reason: unknown): Promise<void>;
}
interface Steps {
  next(): Step | PromiseLike<Step>;
  return?(value?: unknown): unknown;
}
type Opener = (this: object) => Steps;

/**
 * The source behind what a handler gives, or what is given as an argument: a ReadableStream, or what can be iterated, with or
 * without waiting. A ReadableStream is read by a reader, for not every runtime can iterate it. Throws an RpcError for anything
 * else, and what the thing itself throws when it is opened.
 */
export function sourceOf(given: unknown, what: string): Source {
  if (typeof given === 'string') return iterated(given[Symbol.iterator]() as Steps);
  if (typeof given === 'object' && given !== null) {
    const { getReader } = given as { getReader?: (this: object) => Reader };
    if (typeof getReader === 'function') return read(getReader.call(given));
    const { [Symbol.asyncIterator]: slow, [Symbol.iterator]: quick } = given as Partial<Record<symbol, Opener>>;
    if (typeof slow === 'function') return iterated(slow.call(given), given);
    if (typeof quick === 'function') {
      // One that rejects before its turn has come, or after the stream has ended, must not end the process.
      if (Array.isArray(given) || isSet(given)) for (const item of given) heed(item);
      return awaited(iterated(quick.call(given), given));
    }
  }
  const came = given === null ? 'null' : typeof given === 'object' ? `a ${given.constructor?.name}` : String(given);
  throw new RpcError(
    `${what} gave ${came}: a stream is an iterable, an async iterable or a ReadableStream`,
    Code.InternalError,
  );
}

function iterated(steps: Steps, given: object = steps): Source {
  const { pipe, destroy } = given as { pipe?: unknown; destroy?: unknown };
  if (typeof pipe !== 'function' || typeof destroy !== 'function') {
    return { next: () => steps.next(), close: () => steps.return?.() };
  }
  // A stream of Node that was never read is not closed by the end of an iteration that has not begun.
  return { next: () => steps.next(), close: () => destroy.call(given) as unknown };
}

/** A promise among the items is awaited, as `for await` does; one that rejects ends the source. */
function awaited(source: Source): Source {
  const next = (): Step | PromiseLike<Step> => {
    const step = source.next() as Step;
    const promise = step.done === true ? undefined : promiseOf(step.value);
    if (promise === undefined) return step;
    return promise.then(
      (value) => ({ done: false, value }),
      async (error: unknown) => {
        await source.close(error);
        throw error;
      },
    );
  };
  return { next, close: source.close };
}

function read(reader: Reader): Source {
  return { next: () => reader.read() as Promise<Step>, close: (reason) => reader.cancel(reason) };
}
