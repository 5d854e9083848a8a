// biome-ignore lint/suspicious/noExplicitAny: a constructor with whatever parameters
export type ErrorClass = abstract new (...args: any[]) => Error;

/** An error class, and how its instances are sent. */
export interface ErrorEntry {
  readonly class: ErrorClass;
  /**
   * Returns the arguments with which the constructor creates an equivalent error. If it exists, the error is
   * constructed on the other side, where the class must have a `pack` or `unpack` too. By default the static method
   * `pack` of the class.
   */
  // biome-ignore lint/suspicious/noExplicitAny: an instance of the class
  readonly pack?: (error: any) => readonly unknown[];
  /**
   * Creates an error from what `pack` has returned on the other side. By default the static method `unpack` of the
   * class, or else `new`.
   */
  // biome-ignore lint/suspicious/noExplicitAny: what the other side has sent
  readonly unpack?: (...args: any[]) => Error;
  /** The own fields that are sent if the class has no `pack`: all enumerable ones by default. */
  readonly fields?: readonly string[];
}

/** Classes that are sent under their own names, or a table of the names under which they are sent. */
export type ErrorClasses = readonly (ErrorClass | ErrorEntry)[] | { readonly [name: string]: ErrorClass | ErrorEntry };

/**
 * How much of an error that is not registered is sent to the peer: nothing, its name and message, or also its stack.
 */
export type ErrorPolicy = 'hidden' | 'message' | 'full';

/**
 * Which errors of answered calls are logged on the side that serves: all (`true`), none (`false`), those that are
 * hidden from the peer (`hidden`), those that are not meant for the peer (`unexpected`: neither registered nor an
 * `RpcError`), or those for which a function returns true.
 */
export type LogErrors = boolean | 'hidden' | 'unexpected' | ((error: unknown) => boolean);

/** An error that was received from the other side. */
export type ArrivedError = Error & { readonly code: unknown; readonly data?: unknown };
