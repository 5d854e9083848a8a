import type { Signal } from '../base/signal.js';
import type { Id, LinkInfo, Metadata } from '../contract/contract.js';
import type { CallState } from './call-state.js';
import type { Peer, Receivers, Sender } from './peers.js';

/** A call in either direction: one object for each call, which all of its interceptors receive. */
interface AnyCall {
  /** A callback is a call of a function that was passed by reference. */
  readonly kind: 'notification' | 'request' | 'stream' | 'callback';
  /** The property path in the spec, with dots. */
  readonly path: string;
  /** The name on the wire. */
  readonly method: string;
  /**
   * The id on the wire; undefined for a notification. For an outgoing call it is set once `next()` has been called and
   * the call was sent; it is undefined if the call goes to several peers, because each of them has its own.
   */
  readonly id: Id | undefined;
  /** The option `meta` of the decorator. */
  readonly meta: unknown;
  /** The option `logged` of the decorator: whether the call is logged, and with its arguments. */
  readonly logged: boolean | 'without arguments';
  /** The arguments after the first parameter; an interceptor may replace them. */
  args: readonly unknown[];
  /** The metadata of the call; an interceptor may replace them. */
  metadata: Metadata;
  /** The metadata of the answer. For an outgoing call they are set when the answer has arrived. */
  replyMetadata: Metadata | undefined;
  /** Aborts when the call is cancelled. For an outgoing call it is the signal of its caller, if any. */
  readonly signal: Signal | undefined;
  /** Values that interceptors pass to each other, for this call. Handlers read them as `sender.state`. */
  readonly state: CallState;
}

/** A call from a peer. */
export interface IncomingCall extends AnyCall {
  readonly direction: 'incoming';
  /** The caller. */
  readonly sender: Sender;
  readonly peer: Peer;
  /** What the transport knows about the peer. */
  readonly info: LinkInfo;
  readonly signal: Signal;
  readonly receivers?: undefined;
  readonly peers?: undefined;
  readonly idempotent?: undefined;
}

/** A call of this side. */
export interface OutgoingCall extends AnyCall {
  readonly direction: 'outgoing';
  /** The receivers, as the caller specified them. */
  readonly receivers: Receivers;
  /** The receivers as peers: those that are connected, until the call is sent; then those to which it was sent. */
  readonly peers: readonly Peer[];
  /** Whether the call may be carried out twice, as its options or the decorator of its method specify. */
  readonly idempotent: boolean;
  readonly sender?: undefined;
  readonly peer?: undefined;
  readonly info?: undefined;
}

/** A call, for interceptors and listeners. `direction` is `incoming` or `outgoing`. */
export type CallContext = IncomingCall | OutgoingCall;

/**
 * A function that runs around a call. `next` continues with the call and returns its result: undefined for a
 * notification, a promise or a value for a request, an iterable for a stream (for an outgoing one, its iterator). The
 * result of the interceptor replaces it, and what the interceptor throws is the error of the call. If `next` is not
 * called, the call is not made. `next` may be called once: the second time it throws a UsageError.
 */
export type Interceptor = (call: CallContext, next: () => unknown) => unknown;

/**
 * The events of calls, in this order. Names and order are those of rpclib: `method_context_created`, `method_call`,
 * `method_return_object` or `method_exception_object`, `method_return_string` or `method_exception_string`,
 * `method_context_closed`.
 */
export interface CallEvents {
  /** A call was created; nothing else has happened yet. */
  'method.created': (call: CallContext) => unknown;
  /** The handler is called now: the call was not refused. For an outgoing call: it is sent. */
  'method.call': (call: CallContext) => unknown;
  /** The final result; undefined for a notification, an iterable for a stream. */
  'method.return': (call: CallContext, result: unknown) => unknown;
  /** The final error. */
  'method.exception': (call: CallContext, error: unknown) => unknown;
  /** The answer was encoded and sent; only for an incoming call that is answered. */
  'method.sent': (call: IncomingCall) => unknown;
  /**
   * The call has ended, including callbacks after the reply, and all items of a stream. Always the last event, and
   * emitted once.
   */
  'method.closed': (call: CallContext) => unknown;
  /**
   * A peer calls a method that is not served: the call is answered with -32601, or ignored. It has no other event and
   * no interceptor.
   */
  'method.unknown': (call: UnknownCall) => unknown;
}

/** A call of a method that is not served: unknown, without a decorator, unmounted, or of the other direction. */
export interface UnknownCall {
  /** The property path that the method would have, with dots. */
  readonly path: string;
  /** The name on the wire. */
  readonly method: string;
  /** Undefined for a notification. */
  readonly id: Id | undefined;
  /** The caller. */
  readonly peer: Peer;
}

/** The report about a call that has ended. */
export interface LoggedCall extends Pick<CallContext, 'direction' | 'kind' | 'path' | 'method'> {
  /** The id of the caller, or the receivers: ids with commas, `everybody` or `a group`. */
  readonly peer: string;
  /** The duration in milliseconds; for a stream, until its end. */
  readonly duration: number;
  /** The arguments of the caller; undefined if the decorator specifies `logged: 'without arguments'`. */
  readonly args: readonly unknown[] | undefined;
  /** The number of items; only for a stream. */
  readonly items?: number;
  /** Why it failed; absent if it succeeded. */
  readonly failure?: { readonly error: unknown };
}

/** Receives the report about each call. What it throws is ignored. */
export type CallLogger = (call: LoggedCall) => void;

/** Receives a line of text for each call, followed by its arguments. `console` can be used. */
export interface LineLogger {
  info(line: string, ...details: unknown[]): void;
}
