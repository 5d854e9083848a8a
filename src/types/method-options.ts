import type { CallOptions } from './call-options.js';
import type { ErrorClass } from './errors.js';
import type { IncomingCall, Interceptor } from './interceptor.js';
import type { StandardSchema } from './schema.js';

/** Options of a marked method. */
export interface MethodOptions {
  /** The method is a request: its body says `Reply<T>`. */
  readonly hasReply?: boolean;
  /** The method is a stream: its body says `Stream<T>`. */
  readonly stream?: boolean;
  /** The last segment of the name on the wire, in place of the property's name. */
  readonly name?: string;
  /**
   * The name on the wire begins with `rpc.` and is one of another protocol, such as `rpc.on` or `rpc.discover`. Those of this
   * library, and the names that it plans, stay refused.
   */
  readonly foreign?: boolean;
  /** The names of the arguments after the first parameter: several values are sent by these names. */
  readonly params?: readonly string[];
  /** Sends the arguments by position, unless `params` names them, and accepts them by position. */
  readonly allowPositionalArgs?: boolean;
  /** How long the caller waits for the answer, in milliseconds; `Infinity` is for ever. */
  readonly timeout?: number;
  /** What a call of this method has for options where the caller says nothing. */
  readonly defaults?: CallOptions;
  /**
   * Checks the arguments: a Standard Schema of the one object (with `params`, of the object that has these names), or a list with
   * one for each value; undefined in the list leaves a value unchecked.
   */
  readonly args?: StandardSchema | readonly (StandardSchema | undefined)[];
  /** Checks the result of a request. */
  readonly returns?: StandardSchema;
  /** Checks each item of a stream. */
  readonly items?: StandardSchema;
  /** Checks each value of its progress. */
  readonly progress?: StandardSchema;
  /** The classes of errors that the method is known to throw; they count as registered on both sides. */
  readonly errors?: readonly ErrorClass[];
  /** Stand around each call of this method, on both sides, within those of its namespace and side. */
  readonly use?: Interceptor | readonly Interceptor[];
  /** Decides on the side that serves who may call: what is false, or a promise of it, refuses the call. */
  readonly allow?: (call: IncomingCall) => boolean | Promise<boolean>;
  /** Whether calls of it are told to loggers of calls: `without arguments` leaves those out. True unless it is said. */
  readonly logged?: boolean | 'without arguments';
  /** Data of the application's own about the method; `describe` gives it, and interceptors see it. */
  readonly meta?: unknown;
  /** What the method does, in a line, for `describe`. */
  readonly summary?: string;
  readonly deprecated?: boolean;
}
