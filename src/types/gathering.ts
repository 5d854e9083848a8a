/**
 * The types of what comes back from several peers. Nothing here exists at run time.
 */

import type { Peer } from './peers.js';

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
