import { REMOTE } from '../../api/is-remote.js';
import type { FaultBody } from '../../contract/contract.js';
import { RemoteError } from '../../contract/errors.js';
import { ARGS, type Envelope, ERRORS, FIELDS, type Inner, isEnvelope, LEVELS } from './envelope.js';
import type { Known, KnownErrors } from './error-classes.js';
import type { Allowance } from './plain-data.js';

/**
 * Turns received faults into errors. The only code that a fault can run is the constructor, or `unpack`, of a registered class
 * that asks for it.
 */
export class ErrorReader {
  /** `failed` is called when a constructor throws or returns something else than an error of its class. */
  constructor(
    private readonly known: KnownErrors,
    private readonly failed: (what: string, error: unknown) => void,
  ) {}

  /** Returns a fault as an error of the class that it names, or as a RemoteError. Never throws: the call would never settle. */
  rebuild(fault: FaultBody): Error {
    // Twice as many as are sent: omitted errors have notes in their place.
    return this.error(fault, { left: 2 * ERRORS }, 0);
  }

  private error({ code, message, data }: FaultBody, allowance: Allowance, level: number): Error {
    if (!isEnvelope(data)) return new RemoteError(message, code, data);
    const known = this.known.named(data.name);
    try {
      if (known !== undefined) return this.finish(this.instance(known, code, message, data), data, allowance, level);
    } catch (thrown) {
      this.failed(`could not construct a received error of the class ${data.name}; it becomes a RemoteError`, thrown);
    }
    return this.finish(new RemoteError(message, code, data.data, data.name), data, allowance, level);
  }

  private instance(known: Known, code: number, message: string, envelope: Envelope): Error {
    const { name, data, args, fields } = envelope;
    const { errorClass, make } = known;
    let error: Error;
    const constructs = make !== undefined && args !== undefined;
    if (constructs) {
      if (args.length > ARGS) throw new RangeError(`expected at most ${ARGS} arguments, got ${args.length}`);
      error = make(args);
      if (!(error instanceof errorClass)) throw new TypeError(`the result is not an instance of ${name}`);
      fill(error, { code, data });
    } else {
      error = Object.setPrototypeOf(new Error(message), errorClass.prototype) as Error;
      // Defined instead of assigned, because the class may have an accessor of that name.
      define(error, 'name', errorClass.name || name, false);
      define(error, 'code', code, true);
      if (data !== undefined) define(error, 'data', data, true);
      if (fields !== undefined) setFields(error, fields);
    }
    define(error, REMOTE, true, false);
    if (this.known.isBuiltIn(known)) error.stack = markedStack(error);
    return error;
  }

  /** Adds the cause, the inner errors and the stack of the other side. */
  private finish(error: Error, { cause, errors, stack }: Envelope, allowance: Allowance, level: number): Error {
    if (stack !== undefined) error.stack = `${error.stack ?? ''}\n  on the other side:\n${stack}`;
    if (cause !== undefined && level < LEVELS && allowance.left > 0) {
      define(error, 'cause', this.inner(cause, allowance, level), false);
    }
    if (errors !== undefined) {
      const made: unknown[] = [];
      if (level < LEVELS)
        for (const inner of errors) if (allowance.left > 0) made.push(this.inner(inner, allowance, level));
      define(error, 'errors', made, false);
    } else if (error instanceof AggregateError && !Object.hasOwn(error, 'errors')) define(error, 'errors', [], false);
    return error;
  }

  private inner(inner: Inner, allowance: Allowance, level: number): unknown {
    allowance.left--;
    return 'value' in inner ? inner.value : this.error(inner, allowance, level + 1);
  }
}

/** Sets the fields that the constructor has left undefined. */
function fill(error: Error, given: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries(given))
    if (value !== undefined && (error as unknown as Record<string, unknown>)[key] === undefined)
      define(error, key, value, true);
}

/** Sets own fields, except names that exist already: a peer must not replace a method or a member that every object has. */
function setFields(error: Error, fields: Readonly<Record<string, unknown>>): void {
  let left = FIELDS;
  for (const [key, value] of Object.entries(fields)) {
    const isCode = key === 'code' && typeof value === 'string';
    if ((key in error && !isCode) || key === 'then') continue;
    if (left-- === 0) break;
    define(error, key, value, true);
  }
}

function define(error: Error, key: string | symbol, value: unknown, enumerable: boolean): void {
  Object.defineProperty(error, key, { value, configurable: true, writable: true, enumerable });
}

/** Marks the stack: a `TypeError` of the other side must not look like one of the library. */
function markedStack({ stack = '' }: Error): string {
  const at = stack.indexOf('\n    at ');
  const head = at < 0 ? stack : stack.slice(0, at);
  return `${head}\n    at the other side of the call${at < 0 ? '' : stack.slice(at)}`;
}
