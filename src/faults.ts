import type { FaultBody } from './contract.js';
import {
  Aborted,
  Code,
  ConnectionLost,
  ProtocolError,
  RemoteError,
  RpcError,
  TimeoutError,
  UsageError,
} from './errors.js';

/** How much of an error that is not registered is told to the peer: nothing, its name and message, or its stack too. */
export type ErrorPolicy = 'hidden' | 'message' | 'full';

// biome-ignore lint/suspicious/noExplicitAny: a constructor with whatever parameters
export type ErrorClass = abstract new (...args: any[]) => Error;

/**
 * What `data` holds where an error has a name to tell: a registered one, or one whose name the policy tells. An error
 * without a name has its own `data` there.
 */
interface Told {
  readonly name: string;
  readonly data?: unknown;
  readonly stack?: string;
}
const TOLD = new Set(['name', 'data', 'stack']);
const UNREADABLE = 'something that is no error was thrown';

/** These say what has happened to a call of ours, and are nothing that a handler means to tell its caller. */
const ours: readonly ErrorClass[] = [ConnectionLost, TimeoutError, Aborted, ProtocolError];

/** Turns errors into what travels, and back. One for each side. */
export class Faults {
  private readonly classes = new Map<string, ErrorClass>();

  /** Throws a UsageError if two classes have the same name, or one is no class of errors. */
  constructor(
    private readonly policy: ErrorPolicy,
    classes: readonly ErrorClass[],
  ) {
    for (const errorClass of classes) {
      const name = (errorClass as { name?: unknown } | null)?.name;
      if (typeof errorClass !== 'function' || !(errorClass.prototype instanceof Error) || typeof name !== 'string') {
        throw new UsageError(`errorClasses: expected classes that extend Error, not ${String(errorClass)}`);
      }
      if (this.classes.has(name)) throw new UsageError(`errorClasses: there are two classes named ${name}`);
      this.classes.set(name, errorClass);
    }
  }

  /** An error as it travels. Never throws, whatever was thrown. */
  toFault(error: unknown): FaultBody {
    try {
      return this.describe(error);
    } catch {
      return this.policy === 'hidden' ? hidden() : { code: Code.Application, message: UNREADABLE };
    }
  }

  private describe(error: unknown): FaultBody {
    if (!(error instanceof Error))
      return this.policy === 'hidden' ? hidden() : { code: Code.Application, message: text(error) };
    const { data } = error as { data?: unknown };
    const message = String(error.message);
    const registered = this.registered(error);
    const told = {
      name: registered ?? String(error.name),
      ...(this.policy === 'full' && { stack: String(error.stack) }),
    };
    if (registered !== undefined)
      return { code: codeOf(error), message, data: { ...told, ...(data !== undefined && { data }) } };
    if (error.constructor === RpcError) {
      const { code } = error as RpcError;
      if (data === undefined) return { code, message };
      return { code, message, data: isTold(data) ? { name: 'RpcError', data } : data };
    }
    // A class of the application's own that extends RpcError is meant for the peer too, and has a name besides.
    const relayed = error instanceof RemoteError || ours.some((errorClass) => error instanceof errorClass);
    if (error instanceof RpcError && !relayed) {
      return { code: error.code, message, data: { ...told, ...(data !== undefined && { data }) } };
    }
    if (this.policy === 'hidden') return hidden();
    return { code: codeOf(error), message, data: told };
  }

  /** A fault as an error: of the registered class, or a RemoteError. Never throws: a call would never be settled then. */
  fromFault({ code, message, data }: FaultBody): Error {
    if (!isTold(data)) return new RemoteError(message, code, data);
    const errorClass = this.classes.get(data.name);
    if (errorClass === undefined) return withStack(new RemoteError(message, code, data.data, data.name), data.stack);
    const error = Object.setPrototypeOf(new Error(message), errorClass.prototype) as Error;
    const given = { name: data.name, code, ...(data.data !== undefined && { data: data.data }) };
    // Defined and not assigned, for the class may have an accessor of that name.
    for (const [key, value] of Object.entries(given))
      Object.defineProperty(error, key, { value, configurable: true, writable: true, enumerable: key !== 'name' });
    return withStack(error, data.stack);
  }

  private registered(error: Error): string | undefined {
    for (
      let p: unknown = Object.getPrototypeOf(error);
      p !== null && p !== Error.prototype;
      p = Object.getPrototypeOf(p)
    ) {
      const errorClass = (p as { constructor: ErrorClass }).constructor;
      if (this.classes.get(errorClass.name) === errorClass) return errorClass.name;
    }
    return undefined;
  }
}

const hidden = (): FaultBody => ({ code: Code.InternalError, message: 'Internal error' });

function codeOf(error: Error): number {
  const { code } = error as { code?: unknown };
  const meant =
    typeof code === 'number' && Number.isInteger(code) && !ours.some((errorClass) => error instanceof errorClass);
  return meant ? code : Code.Application;
}

function isTold(data: unknown): data is Told {
  if (data === null || typeof data !== 'object') return false;
  const { name, stack } = data as { readonly name?: unknown; readonly stack?: unknown };
  if (typeof name !== 'string' || (stack !== undefined && typeof stack !== 'string')) return false;
  return Object.keys(data).every((key) => TOLD.has(key));
}

function text(thrown: unknown): string {
  try {
    return typeof thrown === 'string' ? thrown : (JSON.stringify(thrown) ?? String(thrown));
  } catch {
    return UNREADABLE;
  }
}

function withStack(error: Error, stack: string | undefined): Error {
  if (stack === undefined) return error;
  error.stack = `${error.stack ?? ''}\n  on the other side:\n${stack}`;
  return error;
}
