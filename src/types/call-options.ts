/**
 * The types of one call and of one method: the options of a call, and its description. Nothing here exists at run time.
 */

import type { Signal } from '../base/signal.js';
import type { Delivery, Metadata } from '../contract/contract.js';
import type { Peer, Sender, SlowOptions } from './peers.js';

/** Options of a call, and of all calls of a view. `P` is the type of the progress values. */
export interface CallOptions<P = unknown> extends SlowOptions {
  /**
   * How long to wait for the answer, in milliseconds; `Infinity` means without limit. The remaining time is sent to the
   * peer. For a stream: how long to wait for each item; without limit by default.
   */
  readonly timeout?: number | undefined;
  /**
   * If set, each progress renews the timeout, up to this many milliseconds in all. For a stream: how long the whole
   * stream may take.
   */
  readonly maxTimeout?: number | undefined;
  /** Cancels the call: it rejects at once with `Aborted`, and the signal of its handler aborts. */
  readonly signal?: Signal | undefined;
  /** Data beside the arguments: `sender.metadata` on the other side. Metadata of several levels are merged. */
  readonly metadata?: Metadata | undefined;
  /** Receives the progress of the call, in order and before the result. */
  readonly onProgress?: ((value: P) => void) | undefined;
  /** Sends a request as a notification: it resolves with undefined at once. */
  readonly noReply?: boolean | undefined;
  /** Ignores errors of the call: a request resolves with undefined. */
  readonly ignoreErrors?: boolean | undefined;
  /**
   * The call may be carried out twice: if its answer was lost with its connection, it may be sent again, in another
   * session. If absent, what the decorator of the method specifies; false by default. Streams are never sent again, and
   * a notification has no answer.
   */
  readonly idempotent?: boolean | undefined;
  /** How much of a stream may be sent before it is consumed: 256 items and 256 KB by default. */
  readonly window?: { readonly items?: number; readonly bytes?: number } | undefined;
  /**
   * The call that is being served: the new call has no more time than that one, and is cancelled with it. On Node, Bun
   * and Deno, the time is inherited without this option too.
   */
  readonly within?: Sender | undefined;
  /**
   * For engines that keep messages, such as queues: `{ key, delay, priority, attempts }`. Refused with a `UsageError`, at the call, where
   * the transport does not support a field. Fields of several levels are merged.
   */
  readonly delivery?: Delivery | undefined;
}

/** A pending call of this side. */
export interface PendingCall {
  readonly peer: Peer;
  /** The id on the wire, which matches the answer to the call. */
  readonly id: number;
  readonly method: string;
  /** When it was made, in milliseconds since 1970. */
  readonly since: number;
  /** How long it has been pending, in milliseconds. */
  readonly elapsed: number;
}

/** One method of a side, as data. */
export interface MethodDescription {
  /** The property path in the spec, with dots. */
  readonly path: string;
  /** The name on the wire. */
  readonly method: string;
  readonly direction: 'incoming' | 'outgoing';
  readonly kind: 'notification' | 'request' | 'stream';
  /** The name on the wire belongs to another protocol, as the decorator specifies. */
  readonly foreign?: true;
  /** The names of the arguments, if the decorator specifies them. */
  readonly params?: readonly string[];
  readonly allowPositionalArgs?: true;
  /** In milliseconds, if the decorator specifies it. */
  readonly timeout?: number;
  /** Calls of the method may be sent again, as the decorator specifies. */
  readonly idempotent?: true;
  readonly summary?: string;
  readonly deprecated?: true;
  /** The option `meta` of the decorator. */
  readonly meta?: unknown;
}

/** Options of a request that is gathered. */
export interface GatherOptions extends Omit<CallOptions, 'timeout' | 'noReply' | keyof SlowOptions> {
  /**
   * How long to wait for an answer, in milliseconds; a function returns it for each peer, or undefined for the default.
   */
  readonly timeout?: (number | ((peer: Peer) => number | undefined)) | undefined;
}
