/**
 * The type of how a side closes. Nothing here exists at run time.
 */

/** How `side.close()` closes. */
export interface CloseOptions {
  /**
   * For how many milliseconds, at most, the side goes on: nobody new is let in, calls that are open settle, and calls that come are
   * served; peers that reconnect move to another server meanwhile. The side closes when nothing is left, or when the time is over. 0 by
   * default.
   */
  readonly drain?: number | undefined;
}
