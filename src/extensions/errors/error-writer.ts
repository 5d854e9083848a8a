import { isError } from '../../base/kinds.js';
import { UNREADABLE } from '../../base/thrown.js';
import type { FaultBody } from '../../contract/contract.js';
import {
  Aborted,
  Code,
  ConnectionLost,
  isRpcErrorItself,
  ProtocolError,
  RemoteError,
  RpcError,
  TimeoutError,
} from '../../contract/errors.js';
import { mustFitWritten } from '../../session/sending/written-size.js';
import type { ErrorClass, ErrorPolicy } from '../../types/errors.js';
import { ARGS, type Envelope, ERRORS, FIELDS, type Inner, isEnvelope, LEVELS } from './envelope.js';
import type { Known, KnownErrors } from './error-classes.js';
import { type Allowance, isPlainData } from './plain-data.js';

/** How much data one error may carry: its fields, or a cause that is not an error. Counted as in plain-data.ts. */
const DATA = 64 * 1024;
/** The longest text of a thrown value that is not an error, in characters. */
const TEXT = 1024 * 1024;

/** What a peer receives instead of an error that it must not see. */
export const HIDDEN: FaultBody = Object.freeze({ code: Code.InternalError, message: 'Internal error' });

/** Errors about a call that a handler has made itself: it does not mean them for its caller. */
const ours: readonly ErrorClass[] = [ConnectionLost, TimeoutError, Aborted, ProtocolError];

/** Turns errors into the faults that are sent. */
export class ErrorWriter {
  /** `failed` is called when a `pack` throws or does not return an array. */
  constructor(
    private readonly policy: ErrorPolicy,
    private readonly known: KnownErrors,
    private readonly failed: (what: string, error: unknown) => void,
  ) {}

  /** Returns the fault for an error. Never throws, whatever was thrown. */
  faultOf(error: unknown): FaultBody {
    try {
      if (isError(error)) return this.describe(error, [], { left: ERRORS });
      return this.policy === 'hidden' ? HIDDEN : note(text(error));
    } catch {
      return this.policy === 'hidden' ? HIDDEN : note(UNREADABLE);
    }
  }

  /** Whether an error is sent under every policy: it is registered, or an `RpcError` that is not about another call. */
  isMeant(error: unknown): boolean {
    return isError(error) && (this.known.of(error) !== undefined || isMeantForPeer(error));
  }

  /** `above` are the errors that contain this one. */
  private describe(error: Error, above: readonly Error[], allowance: Allowance): FaultBody {
    const known = this.known.of(error);
    const { data } = error as { data?: unknown };
    const message = String(error.message);
    if (known === undefined && isRpcErrorItself(error)) {
      // Sent unchanged, without its cause, so that a handler can follow the protocol of a peer that is not Obverse.
      const code = (error as { maybeExecuted?: unknown }).maybeExecuted === false ? error.code : codeOf(error);
      if (data === undefined) return { code, message };
      return { code, message, data: isEnvelope(data) ? { name: 'RpcError', data } : data };
    }
    const meant = known !== undefined || isMeantForPeer(error);
    if (!meant && this.policy === 'hidden') return HIDDEN;
    const envelope: Envelope = {
      name: known?.name ?? String(error.name),
      ...(this.policy === 'full' && { stack: String(error.stack) }),
      ...(meant && data !== undefined && { data }),
      ...(known !== undefined && this.contents(error, known)),
      ...this.within(error, above, allowance),
    };
    return { code: codeOf(error), message, data: envelope };
  }

  /** What the other side needs to make a registered error: the arguments of its constructor, or its fields. */
  private contents(error: Error, { name, pack, fields }: Known): Pick<Envelope, 'args' | 'fields'> | undefined {
    if (pack === undefined) return fieldsOf(error, fields);
    try {
      const args: unknown = pack(error);
      if (Array.isArray(args) && args.length <= ARGS) return { args };
      this.failed(`pack of ${name} must return an array of at most ${ARGS} arguments, not`, args);
    } catch (thrown) {
      this.failed(`pack of ${name} has thrown`, thrown);
    }
    return undefined;
  }

  private within(
    error: Error,
    above: readonly Error[],
    allowance: Allowance,
  ): Pick<Envelope, 'cause' | 'errors'> | undefined {
    const cause = read(error, 'cause');
    const errors = isAggregate(error) ? read(error, 'errors') : undefined;
    if (cause === undefined && errors === undefined) return undefined;
    const path = [...above, error];
    const sent = cause === undefined || this.hides(cause) ? undefined : this.inner(cause, path, allowance);
    return {
      ...(sent !== undefined && { cause: sent }),
      ...(Array.isArray(errors) && { errors: this.list(errors, path, allowance) }),
    };
  }

  /** Keeps the position of each error, also of those that are hidden. */
  private list(errors: readonly unknown[], above: readonly Error[], allowance: Allowance): readonly Inner[] {
    const sent: Inner[] = [];
    for (let at = 0; at < errors.length; at++) {
      if (allowance.left <= 0) {
        sent.push(note(`${errors.length - at} more errors are omitted`));
        break;
      }
      const error = errors[at] ?? null;
      sent.push(this.hides(error) ? HIDDEN : (this.inner(error, above, allowance) ?? note(UNREADABLE)));
    }
    return sent;
  }

  /** Inner errors follow a stricter rule than thrown ones: the policy `hidden` hides all that are not registered. */
  private hides(inner: unknown): boolean {
    return this.policy === 'hidden' && !(isError(inner) && this.known.of(inner) !== undefined);
  }

  private inner(inner: unknown, above: readonly Error[], allowance: Allowance): Inner | undefined {
    if (allowance.left-- <= 0 || above.length >= LEVELS) return note('deeper errors are omitted');
    if (!isError(inner)) return isPlainData(inner, { left: DATA }) ? { value: inner } : undefined;
    if (above.includes(inner)) return note('an error that contains itself');
    try {
      return this.describe(inner, above, allowance);
    } catch {
      return note(UNREADABLE);
    }
  }
}

/** Whether an error is an RpcError that the handler means for its caller: it does not come from another call. */
function isMeantForPeer(error: Error): boolean {
  return error instanceof RpcError && !(error instanceof RemoteError) && !isOurs(error);
}
function isOurs(error: Error): boolean {
  return ours.some((errorClass) => error instanceof errorClass);
}

/** Also true for an AggregateError of another realm, by its name. */
function isAggregate(error: Error): boolean {
  return error instanceof AggregateError || (error.name === 'AggregateError' && Object.hasOwn(error, 'errors'));
}

/** Busy says that the call was not carried out, which is not known of a call whose handler has thrown. */
function codeOf(error: Error): number {
  const { code } = error as { code?: unknown };
  return Number.isSafeInteger(code) && code !== Code.Busy && !isOurs(error) ? (code as number) : Code.Application;
}

/** Properties of an error that are sent in another way. */
const notFields = new Set(['name', 'message', 'stack', 'cause', 'data', '__proto__']);

function fieldsOf(error: Error, names: readonly string[] = Object.keys(error)): Pick<Envelope, 'fields'> | undefined {
  const fields: Record<string, unknown> = {};
  const allowance = { left: DATA };
  let count = 0;
  for (const name of names) {
    if (notFields.has(name) || (name === 'errors' && isAggregate(error))) continue;
    const value = Object.getOwnPropertyDescriptor(error, name)?.value as unknown;
    if (value === undefined || (name === 'code' && Number.isInteger(value)) || !isPlainData(value, allowance)) continue;
    if (++count > FIELDS) break;
    fields[name] = value;
  }
  return count === 0 ? undefined : { fields };
}

/** A property that may be an accessor of the application, and throw. */
function read(error: Error, property: 'cause' | 'errors'): unknown {
  try {
    return (error as unknown as Record<string, unknown>)[property];
  } catch {
    return undefined;
  }
}

const note = (message: string): FaultBody => ({ code: Code.Application, message });

function text(thrown: unknown): string {
  try {
    if (typeof thrown === 'string') return thrown;
    // The same object may occur in it many times, and JSON writes it each time.
    mustFitWritten(thrown, TEXT);
    return JSON.stringify(thrown) ?? String(thrown);
  } catch {
    return UNREADABLE;
  }
}
