/**
 * The numbers of a side, from `side.stats()`: those at this moment, and totals since the side was created, which are `resumed`
 * and the numbers of frames and bytes. The totals include links that have ended, and only grow. On a mounted side they are those of the side on which it is mounted.
 */
export interface SideStats {
  /** Connected peers: the size of `side.peers`. */
  readonly peers: number;
  /** Calls of this side that wait for an answer: the length of `side.pendingCalls()`. A stream counts until it ends. */
  readonly pendingCalls: number;
  /** Calls of peers whose handlers have not settled yet, including running streams. */
  readonly activeCalls: number;
  /** Queued calls of peers, because as many run as `concurrency` allows. */
  readonly queuedCalls: number;
  /** Running streams, in both directions. Each is also one of `pendingCalls` or `activeCalls`. */
  readonly streams: number;
  /** Functions and objects that are passed by reference and still held, in both directions. */
  readonly references: number;
  /** Bytes that wait to be sent, in queues and in links, counted as for `bytesSent`. */
  readonly bufferedBytes: number;
  /** Peers without a link whose sessions wait for one. They are in `side.peers`, too. */
  readonly peersAway: number;
  /** Messages that are kept until their peers acknowledge them, for sessions that outlive their links. */
  readonly keptMessages: number;
  /** What these messages take in memory, in bytes: their length, and 64 for each. */
  readonly keptBytes: number;
  /** How often a session has continued over another link. */
  readonly resumed: number;
  /**
   * Received frames. A frame contains one message or several. With `msgpack` over a byte stream, frames that arrive
   * together count as one.
   */
  readonly framesReceived: number;
  /** Frames that were passed to links. */
  readonly framesSent: number;
  /**
   * The length of the received frames: as the codec reads them, without framing, TLS and the headers of the transport.
   * A text counts as its length in UTF-16 units, cloned values as an estimate.
   */
  readonly bytesReceived: number;
  /** The length of the frames that were passed to links, counted as for `bytesReceived`. */
  readonly bytesSent: number;
}

/** The numbers of a queue or stream, from `side.queueStats()`; those that its transport knows. */
export interface QueueStats {
  /** Messages that wait for a worker, also for the end of their delay; for a reader, those that it has not read. */
  readonly waiting?: number;
  /** Messages that workers have. */
  readonly taken?: number;
  /** Messages that could not be handled, and are kept. */
  readonly dead?: number;
  /** How many milliseconds ago the first one of those that could be handled now was written; 0 if there is none. */
  readonly oldest?: number;
  /** Further numbers of a transport. */
  readonly [name: string]: number | undefined;
}
