/**
 * What codecs encode and decode: calls and replies, and the frames in which they travel. Part of the plug-in contract: `contract.ts` exports all of
 * it.
 */

/** What a codec makes, and what a transport must be able to carry. */
export type Form = 'text' | 'bytes' | 'values';

/** Values that are handed over as they are, by structured clone. */
export interface Parcel {
  /** Encoded messages, each as the codec made it. */
  readonly values: readonly unknown[];
  /** What is not copied but moved. */
  readonly transfer: readonly object[];
  /** An estimate of the size in bytes, for the bounds. */
  readonly length: number;
}

/**
 * One packet as it travels: one encoded message or several, never a part of one. A text codec makes strings, a binary one
 * bytes, one for structured clone parcels. Whoever is given a frame may keep it; nobody changes it.
 */
export type Frame = string | Uint8Array | Parcel;

/** What ties an answer to its call. Ours are whole numbers from 1 up to 2³¹; strangers may use any of these. */
export type Id = number | string | null;

/** What the security of a side says about a message: who signed it, and whatever else its `seal` adds. */
export type SecurityInfo = Readonly<Record<string, unknown>>;

/** The calls of one batch, which want to be answered together. The session fills it; codecs only make it. */
export interface Batch {
  /** How many answers are still to come. */
  left: number;
  /** The answers so far, encoded. */
  readonly answers: Frame[];
}

/** A call. Without an `id` it is a notification, and nobody answers it. */
export interface Call {
  readonly kind: 'call';
  readonly id: Id | undefined;
  readonly method: string;
  /** Always the list of arguments; where `named`, it holds one object, whose fields are the arguments. */
  readonly args: readonly unknown[];
  readonly named: boolean;
  readonly batch: Batch | undefined;
  /**
   * Under which the progress of this call is told, in a dialect that names it within the call. Going out it is there where the
   * caller wants to be told.
   */
  readonly token?: Id;
  /** What a message of a dialect means in our own words: `$/cancelRequest` means `rpc.cancel`. */
  readonly means?: Meaning;
  /** The one argument, null, is none to a method that takes its arguments by name: vscode-jsonrpc writes undefined so. */
  readonly mayBeEmpty?: true;
  /** Set by the session: what `rpc.about` has said of this call. */
  about?: About;
  /** Set by the session: what has come with the call by reference, until the call has ended. */
  passed?: { end(): void };
  /** Set by the session: what the frame of the call counts for, as long as the call waits or is at work; null for a short one. */
  held?: { take(): void; give(): void } | null;
  /** Set by the session, once its security has opened the message. */
  securityInfo?: SecurityInfo;
}

/** A notification of the library itself: what `rpc.*` names, and its arguments by position. */
export interface Meaning {
  readonly method: string;
  readonly args: readonly unknown[];
}

/** What is said of a call besides its method and arguments. It travels before the call, as `rpc.about`. */
export interface About {
  /** How many milliseconds are left for the answer. */
  readonly timeout?: number;
  /** What the caller adds for whoever serves the call. */
  readonly metadata?: Metadata;
  /** The caller wants to be told of progress. */
  readonly progress?: boolean;
  /** The caller takes a stream: how many items, and how many bytes of them, may be under way. */
  readonly window?: readonly [items: number, bytes: number];
  /** Among the arguments stand values in the tagged form. */
  readonly tagged?: boolean;
}

/** Data beside the arguments or the result of a call: fields that the codec can carry. */
export type Metadata = Readonly<Record<string, unknown>>;

/** The answer to a call that went well. */
export interface Reply {
  readonly kind: 'reply';
  readonly id: Id;
  readonly value: unknown;
  /** Set by the session, once its security has opened the message. */
  securityInfo?: SecurityInfo;
}

/** An error as it travels. */
export interface FaultBody {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** The answer to a call that failed; with the id null, to a frame that could not be read. */
export interface Fault {
  readonly kind: 'fault';
  readonly id: Id;
  readonly error: FaultBody;
  /** Set by the session, once its security has opened the message. */
  securityInfo?: SecurityInfo;
}

/** Stands in the place of a message that cannot be read, so that it is answered there: alone, or inside its batch. */
export interface Bad {
  readonly kind: 'bad';
  readonly id: Id;
  readonly error: FaultBody;
  readonly batch: Batch | undefined;
  /** Of a notification whose other arguments cannot be read: its method and the first of them, which is the id where it is ours. */
  readonly lost?: Meaning;
  /** Set by the session: what its frame begins with, for people on this side. */
  read?: string;
}

/** What a codec encodes. */
export type Outbound = Call | Reply | Fault;
/** What a codec decodes. */
export type Message = Outbound | Bad;
