/**
 * The types of peers, one or several: the senders and the receivers of messages. Nothing here exists at run time.
 */

import type { Signal } from '../base/signal.js';
import type { LinkInfo, Metadata, SecurityInfo } from '../contract/contract.js';
import type { PeerUser } from './authentication.js';
import type { CallState } from './call-state.js';

declare const senderBrand: unique symbol;

/** A connected peer: the same object as long as its link, so that you can keep it in a `Set`. */
export interface Peer {
  /**
   * The name of the peer, set by the transport: `ip:port`, `process:4711`, `stdio`. Unique among the peers of a side.
   */
  readonly id: string;
  /** The properties of the connection that the transport provides, as listed in docs/transports.md. */
  readonly info: LinkInfo;
  /** Who it is: what the option `authenticate` of this side has returned for it; undefined without that option. */
  readonly user: PeerUser;
  /**
   * True while there is no link to it: its session waits for another one, or has ended. A peer whose session has ended stays so; where the
   * side connects again, the event `reconnected` has the new peer.
   */
  readonly isAway: boolean;
  /** Ends the link to this peer. Without a reason, earlier messages are still sent; with a reason, it ends at once. */
  close(reason?: Error): Promise<void>;
}

/**
 * The sender of a message: created for each call, and the first argument of its handlers. `P` is the type of its
 * progress values.
 */
// biome-ignore lint/suspicious/noExplicitAny: a sender of any progress is a receiver, and stands in a spec
export interface Sender<P = any> {
  /** The id of the peer. */
  readonly id: string;
  readonly peer: Peer;
  /**
   * The information that the security of this side has found for the message; undefined without a security, or if it
   * found none.
   */
  readonly securityInfo: SecurityInfo | undefined;
  /** The metadata of the call, from its caller; empty if there are none. */
  readonly metadata: Metadata;
  /** Values from interceptors, under keys of {@link contextKey}. */
  readonly state: CallState;
  /**
   * Aborts when the caller cancels the call, when its time has expired, or when its link ends; the reason is an
   * `Aborted`, a `TimeoutError` or the error that ended the link. Created when it is first read.
   */
  readonly signal: Signal;
  /** How many milliseconds the caller still waits, if that is known; otherwise `Infinity`. */
  readonly timeLeft: number;
  /** Whether the caller has requested progress. */
  readonly wantsProgress: boolean;
  /** Metadata of the reply, if set before it is sent: fields that the codec can encode. */
  replyMetadata: Metadata | undefined;
  /**
   * Sends a progress value to the caller, if it has requested progress. Values arrive in order, and before the result;
   * after the answer nothing is sent.
   */
  progress(value: P): void;
  /**
   * Runs a function once the call is answered; for a notification, once its handlers have ended. What it throws is
   * reported.
   */
  afterReply(job: () => void): void;
  readonly [senderBrand]?: never;
}

/** One receiver: the sender of a message, a peer, or the id of a peer. */
export type Receiver = Sender | Peer | string;

/** The receivers of a message: one, several, a group, a topic; null is every connected peer. */
export type Receivers = Receiver | readonly Receiver[] | Several | Topic | null;

declare const topicBrand: unique symbol;

/**
 * Everyone who has subscribed to a topic, as the receiver of notifications: made by `topic(name)`. Over a transport without topics, a
 * notification to it throws a UsageError. Nobody answers: a request to it rejects with a UsageError.
 */
export interface Topic {
  readonly name: string;
  /** The brand of the type; it does not exist at run time. */
  readonly [topicBrand]: true;
}

declare const severalBrand: unique symbol;

/**
 * Several peers as one receiver: a group, everyone, or either without some peers. It is looked up each time that
 * something is sent. A notification to it is encoded once; one to an empty group is sent to nobody, without an error.
 */
export interface Several extends Iterable<Peer> {
  /** The number of its peers. */
  readonly size: number;
  /** The peers that are in it now. */
  readonly peers: readonly Peer[];
  /** Whether it contains a peer, the sender of a message, or the peer with an id. */
  has(receiver: Receiver): boolean;
  /** The same without these peers; peers that it does not contain are ignored. */
  except(...receivers: readonly Receiver[]): Several;
  readonly [severalBrand]?: never;
}

/**
 * A named group of peers of a side. It need not be created or deleted: a peer that is added is in it until it is
 * removed or disconnects, and an empty group costs nothing. Two objects with one name and side are the same group.
 */
export interface Group extends Several {
  readonly name: string;
  /**
   * How many notifications its policy has dropped, since the group was last empty. Those that are lost because their
   * receiver disconnects do not count.
   */
  readonly dropped: number;
  /**
   * Adds peers; one that is in it already keeps its place, one that has disconnected is ignored. Throws ConnectionLost
   * for an unknown id, and then adds no peer.
   */
  add(...receivers: readonly Receiver[]): this;
  /** Removes peers; those that are not in it are ignored. */
  remove(...receivers: readonly Receiver[]): this;
}

/** What happens to notifications to a receiver that does not read fast enough. */
export type SlowPolicy = 'wait' | 'drop-oldest' | 'drop-newest' | 'close';

/**
 * Options for notifications to a slow receiver. Answers and requests are never kept or dropped, and may overtake kept
 * notifications.
 */
export interface SlowOptions {
  /**
   * What happens to notifications to a receiver that does not read fast enough. With `wait`, the default, all are
   * buffered, up to the limits of the side (`limits.bufferedBytes`). Otherwise up to `keep` of them are kept; above
   * that, the oldest or the newest of these are dropped, or the link to the receiver is closed.
   */
  readonly slow?: SlowPolicy | undefined;
  /**
   * How many notifications are kept for one slow receiver: 100 by default. They are sent in order as soon as it reads.
   */
  readonly keep?: number | undefined;
  /**
   * A receiver is slow while more than this number of bytes was sent to it and not yet accepted by its system: 65,536
   * by default.
   */
  readonly slowBytes?: number | undefined;
}

/** Options of a group. They belong to the object for which they were specified, not to the name. */
export type GroupOptions = SlowOptions;
