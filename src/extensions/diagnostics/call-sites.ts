import { isRemote } from '../../api/is-remote.js';
import { isError } from '../../base/kinds.js';
import { isThenable } from '../../base/promise-like.js';
import { stackOf } from '../../base/stack.js';
import {
  Aborted,
  ConnectionLost,
  ProtocolError,
  RemoteError,
  TimeoutError,
  UsageError,
} from '../../contract/errors.js';
import type { Gathered } from '../../types/gathering.js';

type AnyFunction = (this: never, ...args: never[]) => unknown;

interface V8 {
  captureStackTrace?(of: object, below?: AnyFunction): void;
}

/** A line of a stack, as V8 and as other engines write it. */
const FRAME = /^\s+at |@\S*:\d+:\d+$/;
const framesOf = (of: { readonly stack?: unknown }): string[] =>
  stackOf(of)
    .split('\n')
    .filter((line) => FRAME.test(line));

/** The folder of the library as stacks name it. Undefined if a stack shows none. */
const HERE = /((?:\w+:)?[\\/].*?[\\/])(?:extensions[\\/]diagnostics[\\/])?[^\\/]+:\d+:\d+\)?$/;
const library = HERE.exec(framesOf(new Error())[0] ?? '')?.[1];

/** Whether tail calls drop stack frames, as in JavaScriptCore (Bun): then nothing is found below such a function. */
const dropsFrames = ((): boolean => {
  const of = { stack: '' };
  const last = (): unknown => (Error as V8).captureStackTrace?.(of, first);
  function first(): unknown {
    return last();
  }
  first();
  return framesOf(of).length === 0;
})();

/** Where a call was made. The frames are formatted only if the call fails. */
class Site {
  declare readonly stack: string;
  private readonly whole: boolean;

  /** `below` is the function that the program has called. */
  constructor(below: AnyFunction) {
    const { captureStackTrace } = Error as V8;
    this.whole = dropsFrames || captureStackTrace === undefined;
    if (this.whole) this.stack = stackOf(new Error());
    else captureStackTrace?.(this, below);
  }

  get frames(): string {
    const lines = framesOf(this);
    // In a single bundle, the lines of the program cannot be distinguished from those of the library.
    const own = this.whole ? lines.findIndex((line) => library === undefined || !line.includes(library)) : 0;
    return lines.slice(Math.max(own, 0)).join('\n');
  }
}

const OTHER_SIDE = '\n  on the other side:';

/**
 * Makes a call and returns its result: its errors get the stack of the line where it was made. `below` is the
 * function that the program has called.
 */
export function withCallSite<T>(below: AnyFunction, call: () => T): T {
  const site = new Site(below);
  let given: T;
  try {
    given = call();
  } catch (error) {
    throw atSite(error, site);
  }
  if (isStream(given)) return streamAt(given, site) as T;
  if (isGathering(given)) return gatheringAt(given, site) as T;
  if (!isThenable(given)) return given;
  return given.then(undefined, (error: unknown) => {
    throw atSite(error, site);
  }) as T;
}

interface StreamLike {
  next(): Promise<unknown>;
}
function isStream(value: unknown): value is StreamLike {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value && 'next' in value;
}

function streamAt(stream: StreamLike, site: Site): StreamLike {
  const next = stream.next.bind(stream);
  const value = (): Promise<unknown> =>
    next().catch((error: unknown) => {
      throw atSite(error, site);
    });
  return Object.defineProperty(stream, 'next', { value });
}

interface GatheringLike {
  readonly parts: readonly { readonly outcome: Gathered<unknown> | undefined }[];
  settled(outcome: Gathered<unknown>): void;
}
function isGathering(value: unknown): value is GatheringLike {
  return typeof value === 'object' && value !== null && 'parts' in value && 'settled' in value;
}

function gatheringAt(gathering: GatheringLike, site: Site): GatheringLike {
  const name = (outcome: Gathered<unknown> | undefined): void => {
    if (outcome?.status === 'rejected') (outcome as { reason: unknown }).reason = atSite(outcome.reason, site);
  };
  for (const { outcome } of gathering.parts) name(outcome);
  const settled = gathering.settled.bind(gathering);
  const value = (outcome: Gathered<unknown>): void => {
    name(outcome);
    settled(outcome);
  };
  return Object.defineProperty(gathering, 'settled', { value });
}

/**
 * Returns the error with the stack of the call. An error that the program itself has thrown, or that cannot be changed, is
 * returned unchanged: its `catch` must get that very error.
 */
function atSite(error: unknown, site: Site): unknown {
  try {
    return isError(error) ? placed(error, site) : error;
  } catch {
    return error;
  }
}

function placed(error: Error, site: Site): Error {
  const kind: unknown = Object.getPrototypeOf(error);
  const own = shared(error, kind);
  if (own === error && kind !== RemoteError.prototype && kind !== TimeoutError.prototype) {
    if (kind !== UsageError.prototype && !isRemote(error)) return error;
  }
  const { frames } = site;
  // As with `Error.stackTraceLimit = 0`.
  if (frames === '') return own;
  const stack = stackOf(error);
  const far = stack.indexOf(OTHER_SIDE);
  const rest = far < 0 ? '' : stack.slice(far);
  const marked = stack.includes(AT_OTHER_SIDE) ? AT_OTHER_SIDE : '';
  own.stack = `${own.name}: ${own.message}${marked}\n${frames}${rest}`;
  return own;
}

const AT_OTHER_SIDE = '\n    at the other side of the call';

/** When a link ends, all open calls fail with one shared error: each call gets its own copy. */
function shared(error: Error, kind: unknown): Error {
  const options = Object.hasOwn(error, 'cause') ? { cause: error.cause } : undefined;
  if (kind === ConnectionLost.prototype) {
    const { maybeExecuted } = error as ConnectionLost;
    return new ConnectionLost(error.message, { ...options, maybeExecuted });
  }
  if (kind === Aborted.prototype) return new Aborted(error.message, options);
  if (kind === ProtocolError.prototype) return new ProtocolError(error.message, (error as ProtocolError).code, options);
  return error;
}
