/**
 * The numbers of a side, from `side.stats()`: those at this moment, and totals since the side was made. The totals include links that
 * have ended, and only grow. On a side that is mounted they are those of the side that it is mounted on.
 */
export interface SideStats {
  /** Connected peers: the size of `side.peers`. */
  readonly peers: number;
  /** Calls of this side that wait for an answer: the length of `side.pendingCalls()`. A stream counts until it ends. */
  readonly pendingCalls: number;
  /** Calls of peers whose handlers have not settled yet, with streams that run. */
  readonly activeCalls: number;
  /** Calls of peers that wait for their turn, because as many run as `concurrency` allows. */
  readonly queuedCalls: number;
  /** Streams that run, in both directions. Each is also one of `pendingCalls` or `activeCalls`. */
  readonly streams: number;
  /** Functions and objects that are passed by reference and still held, in both directions. */
  readonly references: number;
  /** What waits to be sent, in queues and in links. In bytes, counted as for `bytesSent`. */
  readonly bufferedBytes: number;
  /**
   * Frames that have arrived. One frame holds one message or several. With `msgpack` over a byte stream, frames that arrive together
   * count as one.
   */
  readonly framesReceived: number;
  /** Frames that were given to links. */
  readonly framesSent: number;
  /**
   * The length of the frames that have arrived: as the codec reads them, without framing, TLS and the headers of the transport. A text
   * counts as its length in UTF-16 units, what is cloned as an estimate.
   */
  readonly bytesReceived: number;
  /** The length of the frames that were given to links, counted as for `bytesReceived`. */
  readonly bytesSent: number;
}
