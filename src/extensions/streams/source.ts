import { isSet } from '../../base/kinds.js';
import { ignoreRejection, promiseOf } from '../../base/promise-like.js';
import { Code, RpcError } from '../../contract/errors.js';

/** One step of a source: an item, or that there are no more. */
export type Step = IteratorResult<unknown, unknown>;

/** Where the items of a stream come from. */
export interface Source {
  /** The next item, or a promise of it. Not called again before that has settled. */
  next(): Step | PromiseLike<Step>;
  /** Frees what the source holds: no more items are wanted. A generator runs its `finally`, at the latest when its `await` ends. */
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
 * The source of what a handler returns, or of an argument: a ReadableStream, an async iterable or an iterable. A ReadableStream is read
 * by a reader, since not every runtime can iterate it. `what` names the origin in texts. Throws an RpcError for anything else, and what
 * opening the value throws.
 */
export function sourceOf(given: unknown, what: string): Source {
  if (typeof given === 'string') return iterableSource(given[Symbol.iterator]() as Steps);
  if (typeof given === 'object' && given !== null) {
    const { getReader } = given as { getReader?: (this: object) => Reader };
    if (typeof getReader === 'function') return readerSource(getReader.call(given));
    const { [Symbol.asyncIterator]: openAsync, [Symbol.iterator]: open } = given as Partial<Record<symbol, Opener>>;
    if (typeof openAsync === 'function') return iterableSource(openAsync.call(given), given);
    if (typeof open === 'function') {
      // A promise among the items that rejects before its turn, or after the stream has ended, must not end the process.
      if (Array.isArray(given) || isSet(given)) for (const item of given) ignoreRejection(item);
      return awaitingItems(iterableSource(open.call(given), given));
    }
  }
  const kind = given === null ? 'null' : typeof given === 'object' ? `a ${given.constructor?.name}` : String(given);
  throw new RpcError(
    `${what} returned ${kind}, which is not a stream: expected an iterable, an async iterable or a ReadableStream`,
    Code.InternalError,
  );
}

function iterableSource(steps: Steps, given: object = steps): Source {
  const { pipe, destroy } = given as { pipe?: unknown; destroy?: unknown };
  if (typeof pipe !== 'function' || typeof destroy !== 'function') {
    return { next: () => steps.next(), close: () => steps.return?.() };
  }
  // A stream of Node that was never read is not closed by `return()` of an iteration that has not begun.
  return { next: () => steps.next(), close: () => destroy.call(given) as unknown };
}

/** Awaits promises among the items, as `for await` does; one that rejects closes the source. */
function awaitingItems(source: Source): Source {
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

function readerSource(reader: Reader): Source {
  return { next: () => reader.read() as Promise<Step>, close: (reason) => reader.cancel(reason) };
}
