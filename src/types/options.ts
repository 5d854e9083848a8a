import type { AddressObject, Codec, Limits, Logger, Security, TransportSource } from '../contract/contract.js';
import type { CodecName, SecurityName } from '../contract/plugin-names.js';
import type { CallOptions } from './call-options.js';
import type { Stages } from './codec-stages.js';
import type { ErrorClass, ErrorClasses, ErrorPolicy, LogErrors } from './errors.js';
import type { CallLogger, Interceptor } from './interceptor.js';
import type { EntryLogger } from './log-entry.js';
import type { TypeEntry } from './values.js';

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
  readonly neverLogged?: readonly ErrorClass[] | undefined;
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
  readonly requireSecurityInfo?: boolean | undefined;
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

/** Options of a nested API. */
export interface NamespaceOptions {
  /** What its methods' names begin with on the wire, in place of the field's name. */
  readonly name?: string | undefined;
  /** Options of its calls, where neither the call nor its method says otherwise. */
  readonly defaults?: CallOptions | undefined;
}
