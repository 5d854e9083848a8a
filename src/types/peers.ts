/**
 * The types of peers, one or several: who has sent a message, and whom one goes to. Nothing here exists at run time.
 */

import type { Signal } from '../base/signal.js';
import type { LinkInfo, Metadata, SecurityInfo } from '../contract/contract.js';
import type { CallState } from './call-state.js';

declare const senderBrand: unique symbol;

/** A peer: one object for as long as its link, and so what one keeps in a `Set`. */
export interface Peer {
  /** What the transport calls the peer: `ip:port`, `process:4711`, `stdio`. Unique among the peers of a side. */
  readonly id: string;
  /** What the transport knows of the peer and its connection; docs/transports.md says what each one knows. */
  readonly info: LinkInfo;
  /** Ends the link to this peer. Without a reason, what was sent before still leaves; with one, it ends at once. */
  close(reason?: Error): Promise<void>;
}

/** Who sent a message: made for each call, and the first argument of its handlers. `P` is what its progress is told in. */
// biome-ignore lint/suspicious/noExplicitAny: a sender of any progress is a receiver, and stands in a spec
export interface Sender<P = any> {
  /** The id of the peer. */
  readonly id: string;
  readonly peer: Peer;
  /** What the security of this side has found in the message; undefined without a security, or where it said nothing. */
  readonly securityInfo: SecurityInfo | undefined;
  /** What the caller has added to the call; empty if nothing. */
  readonly metadata: Metadata;
  /** What interceptors have left for the handlers, under keys of {@link contextKey}. */
  readonly state: CallState;
  /**
   * Aborts when the caller gives the call up, when its time is over, or when its link ends; the reason is an `Aborted`, a
   * `TimeoutError` or what has ended the link. Made when it is first asked for.
   */
  readonly signal: Signal;
  /** How many milliseconds the caller still waits, as far as that is known; `Infinity` if not. */
  readonly timeLeft: number;
  /** Whether anybody is told of progress. */
  readonly wantsProgress: boolean;
  /** Travels with the reply, if it is set before: fields that the codec can carry. */
  replyMetadata: Metadata | undefined;
  /** Tells the caller how far the call is, if he wants to know; in order, and before the result. After it, nothing. */
  progress(value: P): void;
  /** Runs a function once the call is answered; of a notification, once its handlers have ended. What it throws is reported. */
  afterReply(job: () => void): void;
  readonly [senderBrand]?: never;
}

/** One receiver: whoever sent a message, a peer, or the id of one. */
export type Receiver = Sender | Peer | string;

/** Whom a message goes to: one, several, a group; null is every connected peer. */
export type Receivers = Receiver | readonly Receiver[] | Several | null;

declare const severalBrand: unique symbol;

/**
 * Several peers as one receiver: a group, everyone, or either without some. It is read when something is sent: whoever is in
 * it then is meant. A notification to it is encoded once, whoever is in it; to nobody it is no mistake.
 */
export interface Several extends Iterable<Peer> {
  /** How many peers are in it. */
  readonly size: number;
  /** The peers that are in it now. */
  readonly peers: readonly Peer[];
  /** Whether a peer, the sender of a message, or the peer of an id is in it. */
  has(receiver: Receiver): boolean;
  /** The same without these; one who is not there need not be. */
  except(...receivers: readonly Receiver[]): Several;
  readonly [severalBrand]?: never;
}

/**
 * Peers under a name, which belongs to a side. There is nothing to make or to end: whoever is added is in it until it is
 * removed or disconnects, and a group of nobody costs nothing. Two objects of one name and side are the same group.
 */
export interface Group extends Several {
  readonly name: string;
  /**
   * How many notifications were dropped since somebody has been in the group. Those count that its policy has dropped, and
   * those that are lost as their receiver goes do not.
   */
  readonly dropped: number;
  /**
   * Adds peers; one who is in it already stays in its place, one who has gone meanwhile is left out. Throws ConnectionLost for
   * an id that names nobody, and adds nobody then.
   */
  add(...receivers: readonly Receiver[]): this;
  /** Removes peers; one who is not in it is ignored. */
  remove(...receivers: readonly Receiver[]): this;
}

/** What becomes of notifications to a receiver that does not take what it is sent. */
export type SlowPolicy = 'wait' | 'drop-oldest' | 'drop-newest' | 'close';

/** What a slow receiver of notifications gets. Answers and requests are never kept or dropped, and may overtake what is kept. */
export interface SlowOptions {
  /**
   * What becomes of notifications to a receiver that does not take what it is sent. `wait`, the default: all are buffered, up
   * to the bounds of the side (`limits.bufferedBytes`). Otherwise up to `keep` of them are kept, and above that the oldest or the
   * newest of the kept ones are dropped, or the link to the receiver is closed.
   */
  readonly slow?: SlowPolicy | undefined;
  /** How many notifications are kept for one slow receiver: 100. They are sent in their order once it takes them. */
  readonly keep?: number | undefined;
  /** A receiver is slow while more bytes than this were sent to it and not yet taken by its system: 65,536. */
  readonly slowBytes?: number | undefined;
}

/** Options of a group. They belong to the object that they were given for, and not to the name. */
export type GroupOptions = SlowOptions;
