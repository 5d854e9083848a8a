import { REMOTE } from '../../api/is-remote.js';
import type { FaultBody } from '../../contract/contract.js';
import { RemoteError } from '../../contract/errors.js';
import { ARGS, type Envelope, ERRORS, FIELDS, type Inner, isEnvelope, LEVELS } from './envelope.js';
import type { Known, KnownErrors } from './error-classes.js';
import type { Room } from './plain-data.js';

/**
 * Turns what has travelled into errors. Nothing that a peer sends runs anything but the constructor, or `unpack`, of a
 * registered class that asks for it.
 */
export class ErrorReader {
  /** `failed` hears of a constructor that throws, or gives no error. */
  constructor(
    private readonly known: KnownErrors,
    private readonly failed: (what: string, error: unknown) => void,
  ) {}

  /** A fault as an error: of the class that it names, or a RemoteError. Never throws: a call would never be settled then. */
  rebuild(fault: FaultBody): Error {
    // Twice as many as are told: where some are left out, there are notes that say so.
    return this.error(fault, { left: 2 * ERRORS }, 0);
  }

  private error({ code, message, data }: FaultBody, room: Room, level: number): Error {
    if (!isEnvelope(data)) return new RemoteError(message, code, data);
    const known = this.known.named(data.name);
    try {
      if (known !== undefined) return this.finish(this.instance(known, code, message, data), data, room, level);
    } catch (thrown) {
      this.failed(`an error of the class ${data.name} could not be made`, thrown);
    }
    return this.finish(new RemoteError(message, code, data.data, data.name), data, room, level);
  }

  private instance(known: Known, code: number, message: string, envelope: Envelope): Error {
    const { name, data, args, fields } = envelope;
    const { errorClass, make } = known;
    let error: Error;
    const constructs = make !== undefined && args !== undefined;
    if (constructs) {
      if (args.length > ARGS) throw new RangeError(`${args.length} arguments are more than ${ARGS}`);
      error = make(args);
      if (!(error instanceof errorClass)) throw new TypeError(`what was made is no ${name}`);
      fill(error, { code, data });
    } else {
      error = Object.setPrototypeOf(new Error(message), errorClass.prototype) as Error;
      // Defined and not assigned, for the class may have an accessor of that name.
      define(error, 'name', errorClass.name || name, false);
      define(error, 'code', code, true);
      if (data !== undefined) define(error, 'data', data, true);
      if (fields !== undefined) setFields(error, fields);
    }
    define(error, REMOTE, true, false);
    if (this.known.isBuiltIn(known)) error.stack = markedStack(error);
    return error;
  }

  /** What stands within an error, and where it comes from. */
  private finish(error: Error, { cause, errors, stack }: Envelope, room: Room, level: number): Error {
    if (stack !== undefined) error.stack = `${error.stack ?? ''}\n  on the other side:\n${stack}`;
    if (cause !== undefined && level < LEVELS && room.left > 0) {
      define(error, 'cause', this.inner(cause, room, level), false);
    }
    if (errors !== undefined) {
      const made: unknown[] = [];
      if (level < LEVELS) for (const inner of errors) if (room.left > 0) made.push(this.inner(inner, room, level));
      define(error, 'errors', made, false);
    } else if (error instanceof AggregateError && !Object.hasOwn(error, 'errors')) define(error, 'errors', [], false);
    return error;
  }

  private inner(inner: Inner, room: Room, level: number): unknown {
    room.left--;
    return 'value' in inner ? inner.value : this.error(inner, room, level + 1);
  }
}

/** What the constructor has left open. */
function fill(error: Error, given: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries(given))
    if (value !== undefined && (error as unknown as Record<string, unknown>)[key] === undefined)
      define(error, key, value, true);
}

/** Own fields, as far as they are not something else on the class: a peer replaces no method, nor what every object has. */
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

/** A `TypeError` of the other side must not look like one of the library. */
function markedStack({ stack = '' }: Error): string {
  const at = stack.indexOf('\n    at ');
  const head = at < 0 ? stack : stack.slice(0, at);
  return `${head}\n    at the other side of the call${at < 0 ? '' : stack.slice(at)}`;
}
