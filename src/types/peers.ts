/**
 * The types of what goes to several peers at once, and of what comes back. Nothing here exists at run time.
 */

import type { Peer, Receiver } from './method.js';
import type { CallOptions } from './side.js';

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

// ---- what comes back ------------------------------------------------------------------------------------------------

/** What one of several peers has answered. */
export interface Fulfilled<T> {
  readonly peer: Peer;
  readonly status: 'fulfilled';
  readonly value: T;
}
/** Why there is no answer of one of several peers. */
export interface Rejected {
  readonly peer: Peer;
  readonly status: 'rejected';
  readonly reason: Error;
}
/** What has become of the request to one of several peers. */
export type Gathered<T> = Fulfilled<T> | Rejected;

/**
 * A request to several peers, while it is answered. It is a promise of what has become of each, in the order of the receivers;
 * it rejects only if nobody could be asked. Iterated, it gives the same one by one, as they come. The calls that are still
 * open when enough is known are given up: their peers are told, and they count as rejected with {@link Aborted}.
 */
export interface Gathering<T> extends Promise<Gathered<T>[]>, AsyncIterable<Gathered<T>> {
  /** The first success. Gives up the others; rejects with an AggregateError of the reasons if all have failed. */
  first(): Promise<T>;
  /**
   * The first `count` successes, as they came. Gives up the others; rejects with an AggregateError of the reasons, in the order
   * of the receivers, as soon as so many are no longer possible.
   */
  quorum(count: number): Promise<Fulfilled<T>[]>;
  /** Gives up whatever is still open. */
  giveUp(reason?: string): void;
  /** To leave the loop is to give up the others. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Gathered<T>>;
}

/** Options of a request that is gathered. */
export interface GatherOptions extends Omit<CallOptions, 'timeout' | 'noReply' | keyof SlowOptions> {
  /** How long to wait for an answer, in milliseconds; a function says it for each peer, or undefined for what is usual. */
  readonly timeout?: (number | ((peer: Peer) => number | undefined)) | undefined;
}
