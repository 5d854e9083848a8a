// biome-ignore lint/suspicious/noExplicitAny: a constructor with whatever parameters
export type ErrorClass = abstract new (...args: any[]) => Error;

/** A class of errors, and how its instances travel. */
export interface ErrorEntry {
  readonly class: ErrorClass;
  /**
   * The arguments with which the constructor makes the like of an error: with it, the error is constructed on the other side,
   * where the class must have a `pack` or `unpack` too. The static method `pack` of the class, unless it is given here.
   */
  // biome-ignore lint/suspicious/noExplicitAny: an instance of the class
  readonly pack?: (error: any) => readonly unknown[];
  /** Makes an error of what `pack` has given on the other side: `new` and the class, unless a static method `unpack` does it. */
  // biome-ignore lint/suspicious/noExplicitAny: what the other side has sent
  readonly unpack?: (...args: any[]) => Error;
  /** The own fields that travel where the class has no `pack`: all enumerable ones unless it is said. */
  readonly fields?: readonly string[];
}

/** Classes under their own names, or a table in which they are given the names under which they travel. */
export type ErrorClasses = readonly (ErrorClass | ErrorEntry)[] | { readonly [name: string]: ErrorClass | ErrorEntry };

/** How much of an error that is not registered is told to the peer: nothing, its name and message, or its stack too. */
export type ErrorPolicy = 'hidden' | 'message' | 'full';

/**
 * Which errors are reported to the logger of the side that answers a call with them: all (`true`), none (`false`), those that
 * the peer is not told (`hidden`), those that are not meant for the peer either (`unexpected`: neither registered nor an
 * `RpcError`), or those for which a function says true.
 */
export type LogErrors = boolean | 'hidden' | 'unexpected' | ((error: unknown) => boolean);

/** An error that has come from the other side. */
export type ArrivedError = Error & { readonly code: unknown; readonly data?: unknown };
