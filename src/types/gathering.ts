/**
 * The types of the answers of several peers. Nothing here exists at run time.
 */

import type { Peer } from './peers.js';

/** The answer of one of several peers. */
export interface Fulfilled<T> {
  readonly peer: Peer;
  readonly status: 'fulfilled';
  readonly value: T;
}

/** Why one of several peers has not answered. */
export interface Rejected {
  readonly peer: Peer;
  readonly status: 'rejected';
  readonly reason: Error;
}

/** The outcome of a request to one of several peers. */
export type Gathered<T> = Fulfilled<T> | Rejected;

/**
 * A request to several peers. It is a promise of the outcomes, in the order of the receivers; it rejects only if nobody
 * could be called. Iterating over it returns the same outcomes as they arrive. Calls that are still pending when the
 * result is known are cancelled, and count as rejected with {@link Aborted}.
 */
export interface Gathering<T> extends Promise<Gathered<T>[]>, AsyncIterable<Gathered<T>> {
  /**
   * The first success. Cancels the remaining calls; rejects with an AggregateError of the reasons if all have failed.
   */
  first(): Promise<T>;
  /**
   * The first `count` successes, in the order of arrival. Cancels the remaining calls; rejects with an AggregateError
   * of the reasons, in the order of the receivers, as soon as `count` can no longer be reached.
   */
  quorum(count: number): Promise<Fulfilled<T>[]>;
  /** Cancels all pending calls. */
  cancel(reason?: string): void;
  /** Leaving the loop cancels the remaining calls. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Gathered<T>>;
}
