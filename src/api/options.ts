import type { AddressObject, Codec, Limits, Logger, Security, TransportSource } from '../contract/contract.js';
import { UsageError } from '../contract/errors.js';
import { mustBeOptions } from '../contract/options-object.js';
import type { CodecName, SecurityName } from '../contract/plugin-names.js';
import { unknownOption } from '../contract/unknown-option.js';
import { isErrorClass } from '../extensions/errors/error-classes.js';
import type { ErrorClass, ErrorClasses, ErrorPolicy, LogErrors } from '../extensions/errors/errors.js';
import type { CallLogger } from '../extensions/middleware/log-calls.js';
import type { TypeEntry } from '../extensions/values/types.js';
import { checkStages, type Stages } from '../types/codec-stages.js';
import type { Interceptor } from '../types/interceptor.js';
import type { CallOptions } from '../types/side.js';
import { type EntryLogger, isEntryLogger } from './log-entry.js';

/** A codec by its name, with its options, or as it is. */
export type CodecSource = CodecName | AddressObject | Codec;

/** Two codecs: what is read, and what is written. */
export interface CodecPair {
  readonly in: CodecSource;
  readonly out: CodecSource;
}

/** Options of a side. */
export interface Options {
  /** Where to, or where: an address, `{ url, …options }`, a maker, or several of these. A string dials, unless its scheme ends in `-server`. */
  readonly transport?: TransportSource | undefined;
  /**
   * `jrpc` by default; a name with its options, or a codec of one's own. `{ in, out }` reads the one and writes the other; the
   * other side has them the other way round.
   */
  readonly codec?: CodecSource | CodecPair | undefined;
  /** `null` by default; a name with its options, or a security of one's own. */
  readonly security?: SecurityName | AddressObject | Security | null | undefined;
  /** Makes the other side of the conversation: incoming and outgoing change places. */
  readonly invert?: boolean | undefined;
  /** How long a request waits for its answer, in milliseconds, where neither call nor method says it: 60,000. `Infinity` is for ever. */
  readonly timeout?: number | undefined;
  /** How long a handler may take, in milliseconds, where neither the call nor its method says it: then it is told to stop, and its caller that it took too long. No bound by default. */
  readonly handlerTimeout?: number | undefined;
  /** Options of every call, where neither the call nor its method or namespace says otherwise. */
  readonly defaults?: CallOptions | undefined;
  /** How many calls of one peer are at work at a time: 256. Those above wait for their turn. */
  readonly concurrency?: number | undefined;
  /** Bounds on what a peer can make this side keep or do. */
  readonly limits?: Partial<Limits> | undefined;
  /** How much of an error that is no registered one is told to the peer: `hidden`, `message` (the default) or `full`. */
  readonly errors?: ErrorPolicy | undefined;
  /**
   * Classes of errors that arrive as themselves: a list, or a table of the names under which they travel. Both sides name them;
   * those in the option `errors` of a method count as named.
   */
  readonly errorClasses?: ErrorClasses | undefined;
  /**
   * Which errors with which calls are answered are reported to the logger: `hidden` (the default) those that the peer is not
   * told, `unexpected` those that are neither registered nor an `RpcError`, all, none, or those for which a function says true.
   */
  readonly logErrors?: LogErrors | undefined;
  /** Classes of errors that are never logged. */
  readonly exceptLogged?: readonly ErrorClass[] | undefined;
  /**
   * What the schemas of methods check on this side: `incoming` (the default) is what comes in, arguments of calls that are served
   * and results of calls that are made, with defaults and transforms applied; `both` is besides what goes out; `off` is nothing.
   */
  readonly validate?: 'incoming' | 'both' | 'off' | undefined;
  /**
   * Types of values that travel whatever the codec: classes that are marked by `@serializable`, `{ id, class, pack, unpack }`,
   * `standardTypes`, or lists of these. Both sides name them.
   */
  readonly types?: readonly TypeEntry[] | undefined;
  /**
   * Notifications that nobody handles are dropped, and not reported. Off by default: then those of unknown names are reported each time,
   * and those of declared methods once for each method. Requests are refused all the same.
   */
  readonly ignoreUnhandled?: boolean | undefined;
  /** Stand around every call of the side, incoming and outgoing, in this order, the first one outermost. */
  readonly use?: Interceptor | readonly Interceptor[] | undefined;
  /** Tells of each call when it is over: `true` in a line to the logger, or to a function. Off by default. */
  readonly logCalls?: boolean | CallLogger | undefined;
  /** What becomes of messages and frames before and after the codec. */
  readonly stages?: Stages | undefined;
  /** Refuses what carries no information of a security. */
  readonly requireSecinfo?: boolean | undefined;
  /**
   * Errors of calls show the line of the call in place of lines of the library. Off by default, unless the environment says
   * `OBVERSE_CALL_SITES=1`: each call takes a few µs more.
   */
  readonly callSites?: boolean | undefined;
  /**
   * Where the library reports: `console` by default, null is silence. What has `warn` and `error` gets a text and details;
   * `{ log(entry) }` gets the same as a {@link LogEntry}.
   */
  readonly logger?: Logger | EntryLogger | null | undefined;
}

const policies: readonly ErrorPolicy[] = ['hidden', 'message', 'full'];

const checks: { readonly [O in keyof Required<Options>]: (value: unknown) => string | undefined } = {
  transport: (value) =>
    unless(
      typeof value === 'string' || (typeof value === 'object' && value !== null) || typeof value === 'function',
      'an address, { url, … } or several in an array',
    ),
  codec: (value) =>
    unless(
      isCodecSource(value) || (has(value, 'in') && has(value, 'out') && [value.in, value.out].every(isCodecSource)),
      'a name such as "jrpc", a codec, or { in, out } with one for each direction',
    ),
  security: (value) =>
    unless(
      value === null || typeof value === 'string' || has(value, 'url') || (has(value, 'seal') && has(value, 'open')),
      'a name such as "user", or a security',
    ),
  invert: boolean,
  timeout: (value) => unless(typeof value === 'number' && value > 0, 'a positive number of milliseconds, or Infinity'),
  handlerTimeout: (value) =>
    unless(typeof value === 'number' && value > 0, 'a positive number of milliseconds, or Infinity'),
  defaults: (value) => unless(typeof value === 'object' && value !== null, 'an object of call options'),
  concurrency: (value) => unless(typeof value === 'number' && value >= 1, 'a number from 1'),
  limits: (value) => unless(typeof value === 'object' && value !== null, 'an object of limits'),
  errors: (value) =>
    unless(policies.includes(value as ErrorPolicy), policies.map((policy) => `"${policy}"`).join(' or ')),
  errorClasses: (value) =>
    unless(typeof value === 'object' && value !== null, 'an array of classes, or a table of them'),
  logErrors: (value) =>
    unless(
      typeof value === 'boolean' || typeof value === 'function' || value === 'hidden' || value === 'unexpected',
      'true, false, "hidden", "unexpected" or a function',
    ),
  exceptLogged: (value) =>
    unless(Array.isArray(value) && value.every(isErrorClass), 'a list of classes that extend Error'),
  validate: (value) =>
    unless(value === 'incoming' || value === 'both' || value === 'off', '"incoming", "both" or "off"'),
  types: (value) => unless(Array.isArray(value), 'an array of types, such as [standardTypes, Money]'),
  ignoreUnhandled: boolean,
  use: (value) =>
    unless(
      [value].flat().every((one) => typeof one === 'function'),
      'a function (call, next) => …, or a list of them',
    ),
  logCalls: (value) => unless(typeof value === 'boolean' || typeof value === 'function', 'true, false or a function'),
  stages: checkStages,
  requireSecinfo: boolean,
  callSites: boolean,
  logger: (value) =>
    unless(
      value === null ||
        (has(value, 'warn') && has(value, 'error')) ||
        (typeof value === 'object' && isEntryLogger(value as object)),
      'an object with warn and error, such as console, an object with log(entry), or null',
    ),
};

function boolean(value: unknown): string | undefined {
  return unless(typeof value === 'boolean', 'true or false');
}
function unless(good: boolean, expected: string): string | undefined {
  return good ? undefined : expected;
}
function isCodecSource(value: unknown): value is CodecSource {
  return typeof value === 'string' || has(value, 'url') || (has(value, 'encode') && has(value, 'decode'));
}
function has<K extends string>(value: unknown, key: K): value is { readonly [N in K]: unknown } {
  return typeof value === 'object' && value !== null && key in value;
}

/** Throws a UsageError for what is no object of options. */
export function mustBeSideOptions(options: unknown): void {
  mustBeOptions(options, 'options', '{ codec: "msgpack" }');
}

/** Options as they were asked for. Throws a UsageError for one that is not known or does not fit. */
export function checkOptions(options: Options): Options {
  mustBeSideOptions(options);
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(checks, name)) throw unknownOption(name, checks);
    const expected = value === undefined ? undefined : checks[name as keyof Options](value);
    if (expected !== undefined) throw new UsageError(`the option "${name}" must be ${expected}`);
  }
  if (
    options.requireSecinfo === true &&
    (options.security === undefined || options.security === null || options.security === 'null')
  ) {
    throw new UsageError(
      'requireSecinfo refuses every message as long as there is no security: give one, such as security: "user"',
    );
  }
  return options;
}
