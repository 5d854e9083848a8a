/**
 * The numbers that travel as `error.code`, and that `RpcError.code` carries on this side.
 *
 * Those below -32100 and above -32000 are JSON-RPC 2.0's own (section 5.1 of the specification); the others lie in the
 * range that it leaves to implementations.
 */
export const Code = {
  /** The frame is not what the codec reads. */
  ParseError: -32700,
  /** The frame can be read, but it holds no message, or one that is not allowed here. */
  InvalidRequest: -32600,
  /** No such method, or none that may be called from that side, or nobody handles it. */
  MethodNotFound: -32601,
  /** The arguments do not fit the method. */
  InvalidParams: -32602,
  /** The call failed inside the other side, which does not say how. */
  InternalError: -32603,
  /** A handler threw something that is no registered error. */
  Application: -32000,
  /** The link ended, or there was none. */
  ConnectionLost: -32010,
  /** No answer came in time. */
  Timeout: -32011,
  /** The call was given up by its caller. */
  Aborted: -32012,
  /** A message is larger than a bound allows. */
  TooLarge: -32013,
  /** A bound on what waits is reached; the call was not carried out. */
  Busy: -32014,
  /** The security of this side refuses the message, or a guard the call. */
  Refused: -32015,
} as const;

/** Under this symbol, which all copies of the library in a process share, the prototype of each class has its name. */
const KIND = Symbol.for('obverse.error');

interface ErrorClass {
  readonly prototype: object;
}

/** Gives the prototype of a class its name for other copies of the library. */
function noteKind(errorClass: ErrorClass, kind: string): void {
  Object.defineProperty(errorClass.prototype, KIND, { value: kind });
}

/** The kind of which the objects of a prototype are, if it is that of a class of the library itself. */
function kindOf(prototype: object | null): unknown {
  return prototype !== null && Object.hasOwn(prototype, KIND)
    ? (prototype as { readonly [KIND]?: unknown })[KIND]
    : undefined;
}

/**
 * What `instanceof` says: also true for an error of the same class of another copy of the library. Never throws: anything may be
 * thrown, also what throws when it is looked at, and whoever asks stands in the middle of what others have sent.
 */
function isInstance(errorClass: ErrorClass, value: unknown): boolean {
  try {
    if (Function.prototype[Symbol.hasInstance].call(errorClass as never, value)) return true;
    const kind = kindOf(errorClass.prototype);
    if (kind === undefined || typeof value !== 'object') return false;
    for (let at = value; at !== null; at = Object.getPrototypeOf(at) as object | null)
      if (kindOf(at) === kind) return true;
    return false;
  } catch {
    return false;
  }
}

/** Whether an error is an `RpcError` itself, and of no class that extends it; of this copy of the library or of another. */
export function isRpcErrorItself(error: object): error is RpcError {
  return kindOf(Object.getPrototypeOf(error) as object | null) === 'RpcError';
}

/** What every error of a call has: a text for people, a number for programs, and data where there is any. */
export class RpcError extends Error {
  static {
    noteKind(this, 'RpcError');
  }

  /** Also true for errors of another copy of the library in the process. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isInstance(this, value);
  }

  /** What {@link Code} lists, or a number of the application's own. */
  readonly code: number;
  /** What belongs to the error, as the codec can carry it. */
  readonly data: unknown;

  /**
   * Thrown by a handler, it reaches the caller as it is: code, message and data, whatever the option `errors` says.
   */
  constructor(message: string, code: number = Code.Application, data?: unknown, options?: ErrorOptions) {
    super(message, options);
    // A minifier shortens the names of classes.
    this.name = (kindOf(new.target.prototype as object) as string | undefined) ?? new.target.name;
    this.code = code;
    this.data = data;
  }
}

/** The link ended while the call was open, was closed, or there is none: the call may or may not have been carried out. */
export class ConnectionLost extends RpcError {
  static {
    noteKind(this, 'ConnectionLost');
  }

  constructor(message = 'the link ended', options?: ErrorOptions) {
    super(message, Code.ConnectionLost, undefined, options);
  }
}

/** No answer came in time. The other side may still be at work. */
export class TimeoutError extends RpcError {
  static {
    noteKind(this, 'TimeoutError');
  }

  constructor(message = 'no answer came in time') {
    super(message, Code.Timeout);
  }
}

/** The call was given up by its caller. */
export class Aborted extends RpcError {
  static {
    noteKind(this, 'Aborted');
  }

  constructor(message = 'the call was cancelled', options?: ErrorOptions) {
    super(message, Code.Aborted, undefined, options);
  }
}

/** The other side broke the protocol, or a bound was exceeded. */
export class ProtocolError extends RpcError {
  static {
    noteKind(this, 'ProtocolError');
  }

  constructor(message: string, code: number = Code.InvalidRequest, options?: ErrorOptions) {
    super(message, code, undefined, options);
  }
}

/** The other side answered that the call failed. */
export class RemoteError extends RpcError {
  static {
    noteKind(this, 'RemoteError');
  }

  /** The name of the error's class on the other side; `Error` where it did not say. */
  readonly remoteName: string;

  constructor(message: string, code: number = Code.Application, data?: unknown, remoteName = 'Error') {
    super(message, code, data);
    this.remoteName = remoteName;
  }
}

/** A mistake on this side, found before anything was sent: a wrong option, direction, address or argument. */
export class UsageError extends TypeError {
  static {
    noteKind(this, 'UsageError');
  }

  /** Also true for errors of another copy of the library in the process. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isInstance(this, value);
  }

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UsageError';
  }
}
