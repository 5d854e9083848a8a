/**
 * The types of reconnecting: its option, and what its events report. Nothing here exists at run time.
 */

import type { Peer } from './peers.js';

/** How a side that dials connects again. `R`: the type of `side.remote`, which `connect` specifies. */
// biome-ignore lint/suspicious/noExplicitAny: options that are made apart from a side do not know its spec
export interface ReconnectOptions<R = any> {
  /**
   * How long to wait before an attempt, in milliseconds: [100, 10_000] by default, which is a random time of at most 100, then of at most
   * 200, 400 and so on, and never more than 10,000. One number is always the same time.
   */
  readonly delay?: number | readonly [first: number, longest: number, ...others: never[]] | undefined;
  /**
   * After how many attempts in a row the side stops dialing: `Infinity` by default, otherwise a whole number from 1. The first attempt of
   * all is not counted, and a link that has lasted for 5 s sets the count back.
   */
  readonly tries?: number | undefined;
  /**
   * With `once`, the default, `connect` rejects if the first attempt fails: the link cannot be opened, ends before the session has begun,
   * or `begin` fails. With `retry`, that is repeated too; `connect` rejects after `limits.connectMs` with the last reason, and at once with
   * an error that another attempt would meet again. The reasons of the attempts are written to the logger.
   */
  readonly start?: 'once' | 'retry' | undefined;
  /**
   * Whether the session continues over the next link where the other side keeps it, as with its option `resume`: true by default. With
   * false, each link has a new session.
   */
  readonly resume?: boolean | undefined;
  /**
   * Called in each new session, also in the first one, before anything else that this side calls is sent: log in, subscribe. `remote` has
   * the outgoing methods, as `side.remote`; all other calls wait until the returned promise resolves, and so does `connect`. If it rejects,
   * takes longer than `limits.connectMs`, or this throws, the link is closed and dialed again. In the first session, `connect` rejects with
   * that error, or, with `start: 'retry'`, if it has not succeeded within `limits.connectMs`.
   */
  begin?(remote: R, peer: Peer): unknown;
}

/** A peer without a link, as the event `reconnecting` reports it. */
export interface Reconnecting {
  /** The number of the next attempt, from 1; it begins anew once a link has lasted for 5 s. Always 1 on a side that listens. */
  readonly attempt: number;
  /** How long it is until that attempt, in whole milliseconds. On a side that listens: how long the session is kept. */
  readonly ms: number;
  /** Why the link has ended, or why the last attempt has failed. */
  readonly reason: Error;
}

/** The session in place of another one, as the event `reconnected` reports it. */
export interface Reconnected {
  /** The peer of the session that has ended. */
  readonly before: Peer;
  /**
   * Why it is another session: `new link` if sessions end with their links; `leaving` if the other side was draining; `closed` if it has
   * closed the session; `none kept` if it keeps none any more; `refused` if it has refused to continue it; `expired`, `overrun` or `evicted`
   * if it was over a bound of the option `resume`; `unknown` if the other side does not know it, as after a restart; otherwise `ended`.
   */
  readonly why: string;
}

/** The events of a side that connects again. */
export interface ReconnectEvents {
  /**
   * Its link is gone. On a side that dials, another attempt follows, and this is called again before each one. A side that listens, with the
   * option `resume`, calls it once, and waits for the peer.
   */
  reconnecting: (peer: Peer, next: Reconnecting) => void;
  /** It is connected again, in a new session: what was kept for the last one at the other side is gone. */
  reconnected: (peer: Peer, how: Reconnected) => void;
  /** No further link is dialed: calls that have waited were rejected. `side.reconnect()` begins again. */
  lost: (error: Error) => void;
}
