import type { CallOptions } from './call-options.js';
import type { ErrorClass } from './errors.js';
import type { IncomingCall, Interceptor } from './interceptor.js';
import type { StandardSchema } from './schema.js';

/** Options of a decorator: of an incoming or outgoing method. */
export interface MethodOptions {
  /** The method is a request: its return type is `Reply<T>`. */
  readonly hasReply?: boolean;
  /** The method is a stream: its return type is `Stream<T>`. */
  readonly stream?: boolean;
  /** The last segment of the name on the wire, instead of the name of the property. */
  readonly name?: string;
  /**
   * The name on the wire begins with `rpc.` and belongs to another protocol, such as `rpc.on` or `rpc.discover`. The
   * names that Obverse uses or reserves are still refused.
   */
  readonly foreign?: boolean;
  /** The names of the arguments after the first parameter: several values are sent by these names. */
  readonly params?: readonly string[];
  /** Sends the arguments by position, unless `params` names them, and accepts them by position. */
  readonly allowPositionalArgs?: boolean;
  /** How long the caller waits for the answer, in milliseconds; `Infinity` means without limit. */
  readonly timeout?: number;
  /**
   * The method may be carried out twice: a call whose answer was lost with its connection may be sent again, in another
   * session. False by default. Only for requests.
   */
  readonly idempotent?: boolean;
  /** The default options of a call of this method. */
  readonly defaults?: CallOptions;
  /**
   * Validates the arguments: a Standard Schema of the one object (with `params`, of the object that has these names),
   * or a list with a schema for each value; undefined in the list leaves a value unchecked.
   */
  readonly args?: StandardSchema | readonly (StandardSchema | undefined)[];
  /** Validates the result of a request. */
  readonly returns?: StandardSchema;
  /** Validates each item of a stream. */
  readonly items?: StandardSchema;
  /** Validates each progress value. */
  readonly progress?: StandardSchema;
  /** The error classes that the method may throw; they count as registered on both sides. */
  readonly errors?: readonly ErrorClass[];
  /** Interceptors around each call of this method, on both sides, inside those of its namespace and side. */
  readonly use?: Interceptor | readonly Interceptor[];
  /** Decides, on the side that serves, who may call: anything but true, or a promise of it, refuses the call. */
  readonly allow?: (call: IncomingCall) => boolean | Promise<boolean>;
  /** Whether call loggers receive calls of this method: `without arguments` omits the arguments. True by default. */
  readonly logged?: boolean | 'without arguments';
  /** Data of the application about the method: `describe` returns it, and interceptors see it. */
  readonly meta?: unknown;
  /** What the method does, in one line, for `describe`. */
  readonly summary?: string;
  readonly deprecated?: boolean;
}
