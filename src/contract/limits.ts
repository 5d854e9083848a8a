import { UsageError } from './errors.js';

/** What a peer may make this side keep or do. Each has a default in `limits.ts`, and a test named for the attack that it stops. */
export interface Limits {
  /**
   * The largest frame, in bytes, that is read. By default 64 MiB, and 1 MiB on links of `tcp:`, `unix:` and `ws:` that this
   * side has accepted; a value that is given holds for all links.
   */
  readonly frameBytes: number;
  /** The largest frame, in bytes, that is sent; less where the peer has said that it reads less. */
  readonly sentFrameBytes: number;
  /** How deep the values of a message may be nested. */
  readonly depth: number;
  /** How many of our calls may be open with one peer. */
  readonly pendingCalls: number;
  /** How many calls of one peer may wait for their turn above `concurrency`. */
  readonly queuedCalls: number;
  /** How many bytes may be buffered for one peer. */
  readonly bufferedBytes: number;
  /** How many bytes a side may hold for all its peers: calls at work and in queues, answers, unsent and partial frames. */
  readonly totalBytes: number;
  /** How long, in milliseconds, nothing may leave for a peer whose buffer is full. */
  readonly stalledMs: number;
  /** The most bytes of one turn of the event loop that are collected before they leave; often it is fewer. */
  readonly tickBytes: number;
  /** How many frames in a row may be unreadable. */
  readonly badFrames: number;
  /** How many peers a transport that listens keeps at a time. */
  readonly peers: number;
  /** How many functions and objects a peer may hold of ours by reference, and we of its. */
  readonly references: number;
  /** How many streams may run for one peer, and how many may be passed to it that it has not asked for. */
  readonly streams: number;
  /** How many items of a stream may be under way: the largest window, and the longest list for one who knows no streams. */
  readonly streamItems: number;
  /** How many bytes of a stream may be under way: the largest window. */
  readonly streamBytes: number;
  /** How long, in milliseconds, connecting may take, the handshakes of the transport included. */
  readonly connectMs: number;
  /** How long, in milliseconds, a peer that has ended its side of the link, and is not Obverse, may wait for its answers. */
  readonly lingerMs: number;
}

/** The bytes that a side keeps for its peers, bounded by the option `limits.totalBytes`. */
export interface Memory {
  /**
   * Counts bytes that are about to be kept. Returns false, and counts nothing, if there is no room for them: then the
   * caller keeps nothing more, and ends a link. The side may end other links within this call, to make room.
   */
  take(bytes: number): boolean;
  /** The bytes are kept no longer. */
  give(bytes: number): void;
}

/** How long a request waits for its answer, in milliseconds, where nothing else says it. */
export const DEFAULT_TIMEOUT = 60_000;
/** How many calls of one peer are at work at a time, where the option does not say it. */
export const DEFAULT_CONCURRENCY = 256;

/** The bounds that hold where the option `limits` does not say otherwise. */
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

/** The largest frame, in bytes, that is read where anybody may connect, unless the option `limits.frameBytes` is given. */
export const ACCEPTED_FRAME_BYTES: number = 1024 * 1024;

/** The defaults with some of them replaced. Throws a UsageError for an unknown bound, or one that is no positive number. */
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
