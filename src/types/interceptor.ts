import type { Signal } from '../base/signal.js';
import type { Id, LinkInfo, Metadata } from '../contract/contract.js';
import type { CallState } from './call-state.js';
import type { Peer, Receivers, Sender } from './peers.js';

/** What a call is on its way, in either direction: one object for each call, seen by every interceptor of it. */
interface AnyCall {
  /** A callback is a call of a function that was passed by reference. */
  readonly kind: 'notification' | 'request' | 'stream' | 'callback';
  /** The property path in the spec, with dots. */
  readonly path: string;
  /** The name on the wire. */
  readonly method: string;
  /**
   * The id on the wire; undefined for a notification. Of an outgoing call it is there once `next()` has been called and the call has
   * left, and undefined where the call goes to several peers: each of them has its own.
   */
  readonly id: Id | undefined;
  /** What the mark of the method says under `meta`. */
  readonly meta: unknown;
  /** What the mark says of loggers: whether they are told of the call, and of its arguments. */
  readonly logged: boolean | 'without arguments';
  /** The arguments after the first parameter; an interceptor may put others in their place. */
  args: readonly unknown[];
  /** What the caller has added to the call; an interceptor may put something else in its place. */
  metadata: Metadata;
  /** What whoever serves the call adds to the answer. Of an outgoing call it is known when the answer has come. */
  replyMetadata: Metadata | undefined;
  /** Aborts when the call is given up. Of an outgoing call it is the signal that the caller has given, if any. */
  readonly signal: Signal | undefined;
  /** What interceptors leave for each other; it lives as long as the call. Handlers read it as `sender.state`. */
  readonly state: CallState;
}

/** A call that a peer has made. */
export interface IncomingCall extends AnyCall {
  readonly direction: 'incoming';
  /** Who has made it. */
  readonly sender: Sender;
  readonly peer: Peer;
  /** What the transport knows of the peer. */
  readonly info: LinkInfo;
  readonly signal: Signal;
  readonly receivers?: undefined;
  readonly peers?: undefined;
}

/** A call that this side makes. */
export interface OutgoingCall extends AnyCall {
  readonly direction: 'outgoing';
  /** Whom it goes to, as the caller has said it. */
  readonly receivers: Receivers;
  /** The same as peers: those that are connected, until the call leaves; from then on those to which it was sent. */
  readonly peers: readonly Peer[];
  readonly sender?: undefined;
  readonly peer?: undefined;
  readonly info?: undefined;
}

/** A call on its way, as interceptors and listeners see it. `direction` tells which of the two it is. */
export type CallContext = IncomingCall | OutgoingCall;

/**
 * Stands around a call. `next` goes on with it and gives what the call gives: nothing for a notification, a promise or a value
 * for a request, an iterable for a stream (of an outgoing one, its iterator). What the interceptor gives counts in its place,
 * and what it throws is the error of the call. Who does not call `next` keeps the call from being made. `next` is called once
 * at most: the second time it throws a UsageError.
 */
export type Interceptor = (call: CallContext, next: () => unknown) => unknown;

/**
 * What listeners are told of calls, in this order. Names and order are those of rpclib: `method_context_created`, `method_call`,
 * `method_return_object` or `method_exception_object`, `method_return_string` or `method_exception_string`,
 * `method_context_closed`.
 */
export interface CallEvents {
  /** There is a call; nothing has been done about it. */
  'method.created': (call: CallContext) => unknown;
  /** It is carried out now: nobody has refused it. Of an outgoing call: it leaves. */
  'method.call': (call: CallContext) => unknown;
  /** What it gives in the end; nothing for a notification, an iterable for a stream. */
  'method.return': (call: CallContext, result: unknown) => unknown;
  /** What it fails with in the end. */
  'method.exception': (call: CallContext, error: unknown) => unknown;
  /** Its answer was encoded, and is on its way; only of an incoming call that is answered. */
  'method.sent': (call: IncomingCall) => unknown;
  /** It is over, with what runs after the reply, and all items of a stream. Whatever has become of it, this comes last and once. */
  'method.closed': (call: CallContext) => unknown;
  /** A peer calls what nobody here serves: it is answered -32601, or ignored. No other event and no interceptor sees such a call. */
  'method.unknown': (call: UnknownCall) => unknown;
}

/** A call of a method that nobody here serves: unknown, without a mark, unmounted, or one that goes the other way. */
export interface UnknownCall {
  /** The property path that the method would have, with dots. */
  readonly path: string;
  /** The name on the wire. */
  readonly method: string;
  /** Undefined for a notification. */
  readonly id: Id | undefined;
  /** Who has made it. */
  readonly peer: Peer;
}

/** What is told of a call when it is over. */
export interface LoggedCall extends Pick<CallContext, 'direction' | 'kind' | 'path' | 'method'> {
  /** The id of whoever has called, or whom it went to: ids with commas, `everybody` or `a group`. */
  readonly peer: string;
  /** How long it has taken, in milliseconds: of a stream, until its end. */
  readonly duration: number;
  /** The arguments as the caller gave them; undefined where the mark says `logged: 'without arguments'`. */
  readonly args: readonly unknown[] | undefined;
  /** How many items were given; only of a stream. */
  readonly items?: number;
  /** Why it has failed; absent if it went well. */
  readonly failure?: { readonly error: unknown };
}

/** Takes what is told of a call. What it throws is lost. */
export type CallLogger = (call: LoggedCall) => void;

/** Takes a line of text for each call, and the arguments behind it. `console` fits. */
export interface LineLogger {
  info(line: string, ...details: unknown[]): void;
}
