/** What a transport that dials again reports about its next attempt, and when it stops. */
export interface RedialWatch {
  /**
   * No link is up, and the next attempt follows in so many milliseconds. `attempt` is its number, from 1; it begins anew once a link has
   * lasted. `why` is the end of the last link, or the error of the last attempt.
   */
  waits(attempt: number, ms: number, why: Error): void;
  /** No attempt follows: there were as many as the options allow, or another one cannot succeed. */
  gaveUp(why: Error): void;
  /** Another link comes up while the last one still is: what is open may go on over that, until its session ends. Called before `accept`. */
  replaces?(): void;
  /** No attempt follows, for this reason: the side has exchanged its transport, or `open` has failed. A link that is up stays; called again when it ends. */
  retired(why: string): void;
  /** What has not finished yet over the link that is up, for the texts of errors; undefined if nothing. */
  readonly unfinished?: string | undefined;
}

/** Dials again when a link ends. One object for all links that one transport brings up, one after the other. */
export interface Redialer {
  /** Set by the side. Called within no call of the side, and never after `end`. */
  watch?: RedialWatch;
  /**
   * The link that is up can be used once `usable` has resolved. While the transport is being opened, `open` waits for that: if it rejects,
   * or if the link ends before, the attempt has failed. Called within `accept`, or before an earlier promise has resolved.
   */
  awaits?(usable: Promise<unknown>): void;
  /** Since when there is no link and why, or what has not finished over the link, for the texts of errors; undefined otherwise. */
  readonly outage?: string | undefined;
  /** Dials at once while it waits for its next attempt or has stopped dialing; the attempts are counted anew. Otherwise it does nothing. */
  hurry(): void;
  /**
   * Brings up another link beside the one that is up, after a random part of so many milliseconds, and tries again until it succeeds. The old
   * link stays until it ends. Does nothing while no link is up.
   */
  replace?(within: number): void;
  /** Dials no more. A link that is up stays. */
  end(): void;
}
