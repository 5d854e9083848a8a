import { UsageError } from './errors.js';

/**
 * What a peer may make this side keep or do. Each has a default in this file, and a test named for the attack that it
 * stops.
 */
export interface Limits {
  /**
   * The largest frame, in bytes, that is accepted. By default 64 MiB, and 1 MiB on links of `tcp:`, `tls:`, `unix:` and `ws:`
   * that this side has accepted; a specified value holds for all links.
   */
  readonly frameBytes: number;
  /** The largest frame, in bytes, that is sent; less if the peer has announced a smaller limit. */
  readonly sentFrameBytes: number;
  /** The deepest nesting of the values of a message. */
  readonly depth: number;
  /** How many outgoing calls may be open with one peer. */
  readonly pendingCalls: number;
  /** How many calls of one peer may wait for their turn above `concurrency`. */
  readonly queuedCalls: number;
  /** How many bytes may be buffered for one peer. */
  readonly bufferedBytes: number;
  /** How many bytes a side may hold for all its peers: running and queued calls, replies, unsent and partial frames. */
  readonly totalBytes: number;
  /** How long, in milliseconds, sending to a peer with a full buffer may make no progress. */
  readonly stalledMs: number;
  /** The most bytes of one turn of the event loop that are collected before they are sent; often it is fewer. */
  readonly tickBytes: number;
  /** How many frames in a row may be unreadable. */
  readonly badFrames: number;
  /** How many peers a listening transport keeps at a time. */
  readonly peers: number;
  /** How many functions and objects of this side a peer may hold by reference, and this side of the peer. */
  readonly references: number;
  /** How many streams may run for one peer, and how many may be passed to it that it has not requested. */
  readonly streams: number;
  /**
   * How many items of a stream may be in flight: the largest window, and the longest list for a peer without streams.
   */
  readonly streamItems: number;
  /** How many bytes of a stream may be in flight: the largest window. */
  readonly streamBytes: number;
  /** How long, in milliseconds, connecting may take, including the handshakes of the transport. */
  readonly connectMs: number;
  /**
   * How long, in milliseconds, a peer that has ended its side of the link, and is not Obverse, may wait for its
   * answers.
   */
  readonly lingerMs: number;
}

/** The memory that a side keeps for its peers, limited by the option `limits.totalBytes`. */
export interface Memory {
  /**
   * Counts bytes before they are kept. Returns false, and counts nothing, if there is no room for them: then the caller
   * keeps nothing more, and ends a link. The side may end other links within this call, to make room.
   */
  reserve(bytes: number): boolean;
  /** The bytes are no longer kept. */
  release(bytes: number): void;
}

/** The default timeout of a request, in milliseconds. */
export const DEFAULT_TIMEOUT = 60_000;
/** The default number of calls of one peer that run at a time. */
export const DEFAULT_CONCURRENCY = 256;

/** The default limits. */
export const defaultLimits: Limits = Object.freeze({
  frameBytes: 64 * 1024 * 1024,
  sentFrameBytes: 64 * 1024 * 1024,
  depth: 1_000,
  pendingCalls: 65_535,
  queuedCalls: 1_000,
  bufferedBytes: 16 * 1024 * 1024,
  totalBytes: 96 * 1024 * 1024,
  stalledMs: 10_000,
  tickBytes: 64 * 1024,
  badFrames: 10,
  peers: 10_000,
  references: 10_000,
  streams: 4_096,
  streamItems: 65_536,
  streamBytes: 64 * 1024 * 1024,
  connectMs: 30_000,
  lingerMs: 10_000,
});

/** The default of the largest frame, in bytes, that is accepted from anybody who connects. */
export const ACCEPTED_FRAME_BYTES: number = 1024 * 1024;

/**
 * The defaults with some of them replaced. Throws a UsageError for an unknown limit, or one that is not a positive
 * number.
 */
export function limitsFrom(asked: Partial<Limits> | undefined): Limits {
  if (asked === undefined) return defaultLimits;
  for (const [name, value] of Object.entries(asked)) {
    if (!Object.hasOwn(defaultLimits, name)) {
      throw new UsageError(`unknown limit "${name}"; there are ${Object.keys(defaultLimits).join(', ')}`);
    }
    if (typeof value !== 'number' || !(value > 0)) {
      throw new UsageError(`the limit "${name}" must be a positive number, not ${String(value)}`);
    }
  }
  if ((asked.pendingCalls ?? 0) > defaultLimits.pendingCalls) {
    throw new UsageError(`the limit "pendingCalls" is at most ${defaultLimits.pendingCalls}`);
  }
  return { ...defaultLimits, ...asked };
}
