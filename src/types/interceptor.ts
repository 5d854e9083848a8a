import type { Signal } from '../base/signal.js';
import type { Id, LinkInfo, Metadata } from '../contract/contract.js';
import type { CallState } from '../extensions/middleware/call-state.js';
import type { Peer, Receivers, Sender } from './side.js';

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
