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
import { mustFitWritten } from '../../session/written-size.js';
import type { ErrorClass, ErrorPolicy } from '../../types/errors.js';
import { ARGS, type Envelope, ERRORS, FIELDS, type Inner, isEnvelope, LEVELS } from './envelope.js';
import type { Known, KnownErrors } from './error-classes.js';
import { isPlainData, type Room } from './plain-data.js';

/** How much data may hang on one error: its fields, or a cause that is none. */
const DATA = 64 * 1024;
/** How long the text may be of something that was thrown and is no error. */
const TEXT = 1024 * 1024;

/** What a peer is told in place of an error that is none of its business. */
export const HIDDEN: FaultBody = Object.freeze({ code: Code.InternalError, message: 'Internal error' });

/** These say what has happened to a call of ours, and are nothing that a handler means to tell its caller. */
const ours: readonly ErrorClass[] = [ConnectionLost, TimeoutError, Aborted, ProtocolError];

/** Turns errors into what travels. */
export class ErrorWriter {
  /** `failed` hears of a `pack` that throws, or gives no list. */
  constructor(
    private readonly policy: ErrorPolicy,
    private readonly known: KnownErrors,
    private readonly failed: (what: string, error: unknown) => void,
  ) {}

  /** An error as it travels. Never throws, whatever was thrown. */
  tell(error: unknown): FaultBody {
    try {
      if (isError(error)) return this.describe(error, [], { left: ERRORS });
      return this.policy === 'hidden' ? HIDDEN : note(text(error));
    } catch {
      return this.policy === 'hidden' ? HIDDEN : note(UNREADABLE);
    }
  }

  /** Whether an error is for the peer whatever the policy: it is registered, or an `RpcError` that is not about another call. */
  isMeant(error: unknown): boolean {
    return isError(error) && (this.known.of(error) !== undefined || speaksFor(error));
  }

  /** `above` are the errors within which this one stands. */
  private describe(error: Error, above: readonly Error[], room: Room): FaultBody {
    const known = this.known.of(error);
    const { data } = error as { data?: unknown };
    const message = String(error.message);
    if (known === undefined && isRpcErrorItself(error)) {
      // It is told as it stands, so that a stranger's protocol can be spoken: its cause stays at home.
      const code = codeOf(error);
      if (data === undefined) return { code, message };
      return { code, message, data: isEnvelope(data) ? { name: 'RpcError', data } : data };
    }
    const meant = known !== undefined || speaksFor(error);
    if (!meant && this.policy === 'hidden') return HIDDEN;
    const envelope: Envelope = {
      name: known?.name ?? String(error.name),
      ...(this.policy === 'full' && { stack: String(error.stack) }),
      ...(meant && data !== undefined && { data }),
      ...(known !== undefined && this.contents(error, known)),
      ...this.within(error, above, room),
    };
    return { code: codeOf(error), message, data: envelope };
  }

  /** What a registered error is made of on the other side: the arguments of its constructor, or its fields. */
  private contents(error: Error, { name, pack, fields }: Known): Pick<Envelope, 'args' | 'fields'> | undefined {
    if (pack === undefined) return fieldsOf(error, fields);
    try {
      const args: unknown = pack(error);
      if (Array.isArray(args) && args.length <= ARGS) return { args };
      this.failed(`pack of ${name} gives a list of at most ${ARGS} arguments, and not`, args);
    } catch (thrown) {
      this.failed(`pack of ${name} has thrown`, thrown);
    }
    return undefined;
  }

  private within(error: Error, above: readonly Error[], room: Room): Pick<Envelope, 'cause' | 'errors'> | undefined {
    const cause = read(error, 'cause');
    const errors = isAggregate(error) ? read(error, 'errors') : undefined;
    if (cause === undefined && errors === undefined) return undefined;
    const path = [...above, error];
    const told = cause === undefined || this.hides(cause) ? undefined : this.inner(cause, path, room);
    return {
      ...(told !== undefined && { cause: told }),
      ...(Array.isArray(errors) && { errors: this.list(errors, path, room) }),
    };
  }

  /** Each in its place, also those of which nothing is told. */
  private list(errors: readonly unknown[], above: readonly Error[], room: Room): readonly Inner[] {
    const told: Inner[] = [];
    for (let at = 0; at < errors.length; at++) {
      if (room.left <= 0) {
        told.push(note(`${errors.length - at} more errors are left out`));
        break;
      }
      const error = errors[at] ?? null;
      told.push(this.hides(error) ? HIDDEN : (this.inner(error, above, room) ?? note(UNREADABLE)));
    }
    return told;
  }

  /** What stands within an error is told by a narrower rule than what is thrown: hidden means all that is not registered. */
  private hides(inner: unknown): boolean {
    return this.policy === 'hidden' && !(isError(inner) && this.known.of(inner) !== undefined);
  }

  private inner(inner: unknown, above: readonly Error[], room: Room): Inner | undefined {
    if (room.left-- <= 0 || above.length >= LEVELS) return note('what lies deeper is left out');
    if (!isError(inner)) return isPlainData(inner, { left: DATA }) ? { value: inner } : undefined;
    if (above.includes(inner)) return note('an error that stands within itself');
    try {
      return this.describe(inner, above, room);
    } catch {
      return note(UNREADABLE);
    }
  }
}

/** Whether an error is one of this library that speaks for the handler: it was not made by a call of its own. */
function speaksFor(error: Error): boolean {
  return error instanceof RpcError && !(error instanceof RemoteError) && !isOurs(error);
}
function isOurs(error: Error): boolean {
  return ours.some((errorClass) => error instanceof errorClass);
}

/** Also one of another realm, which says its name. */
function isAggregate(error: Error): boolean {
  return error instanceof AggregateError || (error.name === 'AggregateError' && Object.hasOwn(error, 'errors'));
}

function codeOf(error: Error): number {
  const { code } = error as { code?: unknown };
  return Number.isSafeInteger(code) && !isOurs(error) ? (code as number) : Code.Application;
}

/** What travels of an error in another way. */
const notFields = new Set(['name', 'message', 'stack', 'cause', 'data', '__proto__']);

function fieldsOf(error: Error, names: readonly string[] = Object.keys(error)): Pick<Envelope, 'fields'> | undefined {
  const fields: Record<string, unknown> = {};
  const room = { left: DATA };
  let count = 0;
  for (const name of names) {
    if (notFields.has(name) || (name === 'errors' && isAggregate(error))) continue;
    const value = Object.getOwnPropertyDescriptor(error, name)?.value as unknown;
    if (value === undefined || (name === 'code' && Number.isInteger(value)) || !isPlainData(value, room)) continue;
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
    // The same object may stand in it again and again, and JSON writes it as often.
    mustFitWritten(thrown, TEXT);
    return JSON.stringify(thrown) ?? String(thrown);
  } catch {
    return UNREADABLE;
  }
}
