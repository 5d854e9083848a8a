import type { LinkInfo, Metadata } from '../contract.js';
import type { Peer, Receivers, Sender } from '../types.js';

/** What a call is on its way: one object for each call, seen by every interceptor of it. */
export interface CallContext {
  readonly direction: 'incoming' | 'outgoing';
  /** A callback is a call of a function that was passed by reference. */
  readonly kind: 'notification' | 'request' | 'stream' | 'callback';
  /** The property path in the spec, with dots. */
  readonly path: string;
  /** The name on the wire. */
  readonly method: string;
  /** The arguments after the first parameter; an interceptor may put others in their place. */
  args: readonly unknown[];
  /** Who called; only of an incoming call. */
  readonly sender: Sender | undefined;
  /** Whom it goes to; only of an outgoing call. */
  readonly receivers: Receivers | undefined;
  /** The peer of an incoming call. */
  readonly peer: Peer | undefined;
  /** What the caller has added to the call. */
  readonly metadata: Metadata;
  /** What the mark of the method says under `meta`. */
  readonly meta: unknown;
  /** What the transport knows of the peer of an incoming call. */
  readonly info: LinkInfo;
  /** Whatever interceptors have to tell each other, and handlers: it lives as long as the call. */
  readonly state: Map<unknown, unknown>;
}

/**
 * Stands around a call. `next` goes on with it, and gives what the call gives: nothing for a notification, a promise or a
 * value for a request, an iterator for a stream. Who does not call it gives an answer, or throws, in its place. `next` is
 * called once at most.
 */
export type Interceptor = (call: CallContext, next: () => unknown) => unknown;
