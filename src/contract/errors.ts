/**
 * The numbers that are sent as `error.code`, and that `RpcError.code` has on this side.
 *
 * Those below -32100 and above -32000 are defined by JSON-RPC 2.0 (section 5.1 of the specification); the others are in
 * the range that it leaves to implementations.
 */
export const Code = {
  /** The codec cannot read the frame. */
  ParseError: -32700,
  /** The frame can be read, but it contains no message, or one that is not allowed here. */
  InvalidRequest: -32600,
  /** There is no such method, or it must not be called from that side, or it has no handler. */
  MethodNotFound: -32601,
  /** The arguments do not fit the method. */
  InvalidParams: -32602,
  /** The call failed inside the other side, which does not say how. */
  InternalError: -32603,
  /** A handler threw something that is not a registered error. */
  Application: -32000,
  /** The link ended, or there was none. */
  ConnectionLost: -32010,
  /** There was no answer in time. */
  Timeout: -32011,
  /** The call was cancelled by its caller. */
  Aborted: -32012,
  /** A message is larger than a limit. */
  TooLarge: -32013,
  /** A limit on waiting calls is reached; the call was not carried out. */
  Busy: -32014,
  /** The security of this side refuses the message, or a guard refuses the call. */
  Refused: -32015,
} as const;

/** Under this symbol, which all copies of the library in a process share, the prototype of each class has its name. */
const KIND = Symbol.for('obverse.error');

interface ErrorClass {
  readonly prototype: object;
}

/** Sets the name of a class on its prototype, for other copies of the library. */
function noteKind(errorClass: ErrorClass, kind: string): void {
  Object.defineProperty(errorClass.prototype, KIND, { value: kind });
}

/** The kind of the objects of a prototype, if it belongs to a class of the library itself. */
function kindOf(prototype: object | null): unknown {
  return prototype !== null && Object.hasOwn(prototype, KIND)
    ? (prototype as { readonly [KIND]?: unknown })[KIND]
    : undefined;
}

/**
 * The result of `instanceof`: also true for an error of the same class of another copy of the library. Never throws: a
 * program may throw anything, including a value that throws when it is inspected, and the caller is processing what
 * other sides have sent.
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

/**
 * Whether an error is an `RpcError` itself, and not of a class that extends it; of this copy of the library or of
 * another.
 */
export function isRpcErrorItself(error: object): error is RpcError {
  return kindOf(Object.getPrototypeOf(error) as object | null) === 'RpcError';
}

/** What every error of a call has: a text for people, a number for programs, and optional data. */
export class RpcError extends Error {
  static {
    noteKind(this, 'RpcError');
  }

  /** Also true for errors of another copy of the library in the process. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isInstance(this, value);
  }

  /** A number of {@link Code}, or one of the application. */
  readonly code: number;
  /** Data of the error that the codec can carry. */
  readonly data: unknown;

  /**
   * If a handler throws it, the caller receives it unchanged: code, message and data, whatever the option `errors`
   * specifies. Only the code `Busy`, which says that the call was not carried out, becomes `Application`.
   */
  constructor(message: string, code: number = Code.Application, data?: unknown, options?: ErrorOptions) {
    super(message, options);
    // A minifier shortens the names of classes.
    this.name = (kindOf(new.target.prototype as object) as string | undefined) ?? new.target.name;
    this.code = code;
    this.data = data;
  }
}

/**
 * The link ended while the call was open, was closed, or there is none: the call may or may not have been carried out.
 */
export class ConnectionLost extends RpcError {
  static {
    noteKind(this, 'ConnectionLost');
    // On the prototype, so that an instance without the field, such as one of a class of the application that was received, has it.
    (this.prototype as { maybeExecuted: boolean }).maybeExecuted = true;
  }

  /**
   * False only if it is certain that the call was not carried out, because it was never given to a link: then it can safely be made
   * again. True by default.
   */
  declare readonly maybeExecuted: boolean;

  constructor(message = 'the link ended', options?: ErrorOptions & { readonly maybeExecuted?: boolean }) {
    super(message, Code.ConnectionLost, undefined, options);
    if (options?.maybeExecuted === false) this.maybeExecuted = false;
  }
}

/** There was no answer in time. The other side may still be working. */
export class TimeoutError extends RpcError {
  static {
    noteKind(this, 'TimeoutError');
  }

  constructor(message = 'no answer came in time') {
    super(message, Code.Timeout);
  }
}

/** The call was cancelled by its caller. */
export class Aborted extends RpcError {
  static {
    noteKind(this, 'Aborted');
  }

  constructor(message = 'the call was cancelled', options?: ErrorOptions) {
    super(message, Code.Aborted, undefined, options);
  }
}

/** The other side broke the protocol, or a limit was exceeded. */
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

  /** The name of the error's class on the other side; `Error` if it was not sent. */
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
