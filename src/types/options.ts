import type { Stages } from '../contract/codec-stages.js';
import type { AddressObject, Codec, Limits, Logger, Security, TransportSource } from '../contract/contract.js';
import type { CodecName, SecurityName } from '../contract/plugin-names.js';
import type { Authenticate, CredentialsSource } from './authentication.js';
import type { CallOptions } from './call-options.js';
import type { ErrorClass, ErrorClasses, ErrorPolicy, LogErrors } from './errors.js';
import type { CallLogger, Interceptor } from './interceptor.js';
import type { EntryLogger } from './log-entry.js';
import type { ReconnectOptions } from './reconnect.js';
import type { ResumeOptions } from './resume.js';
import type { TypeEntry } from './values.js';

/** A codec: its name, its name and options, or a codec object. */
export type CodecSource = CodecName | AddressObject | Codec;

/** Two codecs: the one that is read, and the one that is written. */
export interface CodecPair {
  readonly in: CodecSource;
  readonly out: CodecSource;
}

/** The option `concurrency` of a side in full: how many calls run at a time. Streams do not count. */
export interface Concurrency {
  /** Of each peer: 256 by default. Over HTTP and from a queue, each message is a peer. */
  readonly each?: number | undefined;
  /** Of all peers together: no limit by default. Above it, peers take turns. */
  readonly all?: number | undefined;
}

/** Options of a side. */
// biome-ignore lint/suspicious/noExplicitAny: options that are made apart from a side do not know its spec
export interface Options<R = any> {
  /**
   * An address, `{ url, …options }`, a factory, or a list of these. A string connects, unless its scheme ends in
   * `-server`.
   */
  readonly transport?: TransportSource | undefined;
  /**
   * `jrpc` by default; a name with its options, or a codec of your own. `{ in, out }` reads one codec and writes
   * another; the other side has them in reverse.
   */
  readonly codec?: CodecSource | CodecPair | undefined;
  /** `null` by default; a name with its options, or a security of your own. */
  readonly security?: SecurityName | AddressObject | Security | null | undefined;
  /** Creates the other side: incoming and outgoing are exchanged. */
  readonly invert?: boolean | undefined;
  /**
   * How long a request waits for its answer, in milliseconds, if neither call nor method specifies it: 60,000 by
   * default. `Infinity` means without limit.
   */
  readonly timeout?: number | undefined;
  /**
   * How long a handler may take, in milliseconds, if neither the call nor its method specifies it. Then its signal
   * aborts, and its caller receives an error. No limit by default.
   */
  readonly handlerTimeout?: number | undefined;
  /**
   * How often, in milliseconds, both sides of a link over a network check that the other one is there: 15,000 by default, and the shorter
   * time of the two sides holds. With `Infinity`, this side does not check; it still answers a side that does. A link without a sign of life
   * for 1.5 to 2 times as long is cut.
   */
  readonly beat?: number | undefined;
  /** Default options of every call, if neither the call nor its method or namespace specifies them. */
  readonly defaults?: CallOptions | undefined;
  /**
   * How many calls of one peer run at a time: 256 by default. Further calls are queued. With an object, `all` limits the calls of all peers
   * together: no limit by default.
   */
  readonly concurrency?: number | Concurrency | undefined;
  /** Limits on what a peer can make this side buffer or do. */
  readonly limits?: Partial<Limits> | undefined;
  /** How much of an error that is not registered is sent to the peer: `hidden`, `message` (the default) or `full`. */
  readonly errors?: ErrorPolicy | undefined;
  /**
   * Error classes whose instances arrive as instances of the class: a list, or a table of the names under which they
   * are sent. Both sides register them; those in the option `errors` of a method count as registered.
   */
  readonly errorClasses?: ErrorClasses | undefined;
  /**
   * Which errors of answered calls are logged: `hidden` (the default) those that are hidden from the peer, `unexpected`
   * those that are neither registered nor an `RpcError`, all, none, or those for which a function returns true.
   */
  readonly logErrors?: LogErrors | undefined;
  /** Classes of errors that are never logged. */
  readonly neverLogged?: readonly ErrorClass[] | undefined;
  /**
   * What is validated with the schemas of methods on this side: with `incoming` (the default) the arguments of calls
   * that are served and the results of calls that are made, with defaults and transforms applied; with `both` also what
   * is sent; with `off` nothing.
   */
  readonly validate?: 'incoming' | 'both' | 'off' | undefined;
  /**
   * Types of values that are sent with any codec: classes that are decorated with `@serializable`, `{ id, class, pack,
   * unpack }`, `standardTypes`, or lists of these. Both sides register them.
   */
  readonly types?: readonly TypeEntry[] | undefined;
  /**
   * Drops notifications without a handler, without a report. Off by default: then those with unknown names are reported
   * each time, and those of declared methods once for each method. Requests are always refused.
   */
  readonly ignoreUnhandled?: boolean | undefined;
  /** Interceptors around every call of the side, incoming and outgoing, in this order, the first one outermost. */
  readonly use?: Interceptor | readonly Interceptor[] | undefined;
  /** Logs each call when it has ended: `true` as a line to the logger; or a function. Off by default. */
  readonly logCalls?: boolean | CallLogger | undefined;
  /**
   * Of a side that listens: keeps the session of a peer whose link has ended, so that it goes on over another link, if the peer
   * connects again. `true`, or within which bounds. Off by default.
   */
  readonly resume?: boolean | ResumeOptions | undefined;
  /**
   * Of a side that dials: whenever its link has ended, dials again. `true`, or how. Off by default; an address such as
   * `reconnect+tcp://host:port` does the same without it.
   */
  readonly reconnect?: boolean | ReconnectOptions<R> | undefined;
  /**
   * Of a side that listens: says who each peer is, before it may do anything. What it returns is `peer.user`; undefined, null, false and
   * an error refuse the peer. Called for each link. Nobody is asked by default.
   */
  readonly authenticate?: Authenticate | undefined;
  /**
   * Of a side that dials: what it brings to the option `authenticate` of the other side, or a function that is called for each link, and
   * again when the other side asks for new ones.
   */
  readonly credentials?: CredentialsSource | undefined;
  /** Stages that process messages and frames before and after the codec. */
  readonly stages?: Stages | undefined;
  /** Refuses messages without information of a security. */
  readonly requireSecurityInfo?: boolean | undefined;
  /**
   * The stack of an error of a call begins with the line of the call instead of lines of the library. Off by default,
   * unless the environment has `OBVERSE_CALL_SITES=1`: each call takes a few µs more.
   */
  readonly callSites?: boolean | undefined;
  /**
   * Where the library reports: `console` by default; null disables reports. A logger with `warn` and `error` receives a
   * text and details, one with `log(entry)` the same as a {@link LogEntry}.
   */
  readonly logger?: Logger | EntryLogger | null | undefined;
}

/** Options of a namespace. */
export interface NamespaceOptions {
  /** The first part of the names of its methods on the wire, instead of the name of the field. */
  readonly name?: string | undefined;
  /** Default options of its calls, if neither the call nor its method specifies them. */
  readonly defaults?: CallOptions | undefined;
}
