/**
 * The types of one call and of one method: the options of a call, and what is known of it. Nothing here exists at run time.
 */

import type { Signal } from '../base/signal.js';
import type { Metadata } from '../contract/contract.js';
import type { Peer, Sender, SlowOptions } from './peers.js';

/** Options of a call, and of all calls of a view. `P` is what `onProgress` is told. */
export interface CallOptions<P = unknown> extends SlowOptions {
  /**
   * How long to wait for the answer, in milliseconds; `Infinity` is for ever. Whoever serves the call is told how much is left. Of
   * a stream: for each of its items, while one is waited for; for ever unless it is said.
   */
  readonly timeout?: number | undefined;
  /** With it each progress renews the timeout, up to this many milliseconds in all. Of a stream: how long the whole may take. */
  readonly maxTimeout?: number | undefined;
  /** Gives the call up: it rejects at once with `Aborted`, and whoever serves it is told. */
  readonly signal?: Signal | undefined;
  /** Data beside the arguments: `sender.metadata` on the other side. Of several levels it adds up. */
  readonly metadata?: Metadata | undefined;
  /** Is told how far the call is, in order and before the result. */
  readonly onProgress?: ((value: P) => void) | undefined;
  /** Sends a request as a notification: it resolves with undefined at once. */
  readonly noReply?: boolean | undefined;
  /** What goes wrong with the call is not told: a request resolves with undefined. */
  readonly ignoreErrors?: boolean | undefined;
  /** How much of a stream may be under way: 256 items and 256 KB, where it does not say otherwise. */
  readonly window?: { readonly items?: number; readonly bytes?: number } | undefined;
  /**
   * The call that is being served: this one has no more time than that, and is given up with it. Its time is inherited without
   * this too, on Node, Bun and Deno.
   */
  readonly within?: Sender | undefined;
}

/** One of our calls that is open. */
export interface PendingCall {
  readonly peer: Peer;
  /** What ties the answer to it, on the wire. */
  readonly id: number;
  readonly method: string;
  /** When it was made, in milliseconds since 1970. */
  readonly since: number;
  /** How long it has been open, in milliseconds. */
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
  /** The mark says that the name on the wire is one of another protocol. */
  readonly foreign?: true;
  /** The names of the arguments, where the mark names them. */
  readonly params?: readonly string[];
  readonly allowPositionalArgs?: true;
  /** In milliseconds, where the mark says it. */
  readonly timeout?: number;
  readonly summary?: string;
  readonly deprecated?: true;
  /** What the mark says under `meta`. */
  readonly meta?: unknown;
}

/** Options of a request that is gathered. */
export interface GatherOptions extends Omit<CallOptions, 'timeout' | 'noReply' | keyof SlowOptions> {
  /** How long to wait for an answer, in milliseconds; a function says it for each peer, or undefined for what is usual. */
  readonly timeout?: (number | ((peer: Peer) => number | undefined)) | undefined;
}
