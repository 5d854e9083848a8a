/**
 * What codecs encode and decode: calls and replies, and the frames in which they travel. Part of the plug-in contract:
 * `contract.ts` exports all of it.
 */

/** The output of a codec, which a transport must be able to carry. */
export type Form = 'text' | 'bytes' | 'values';

/** Values that are passed as they are, by structured clone. */
export interface Parcel {
  /** Encoded messages, each as the codec made it. */
  readonly values: readonly unknown[];
  /** The objects that are moved rather than copied. */
  readonly transfer: readonly object[];
  /** An estimate of the size in bytes, for the limits. */
  readonly length: number;
}

/**
 * One packet as it is sent: one encoded message or several, never a part of one. A text codec makes strings, a binary
 * one bytes, one for structured clone arrays of values. A receiver may keep a frame; nobody changes it.
 */
export type Frame = string | Uint8Array | Parcel;

/** Relates a reply to its call. Ids of Obverse are whole numbers from 1 to 2³¹; other peers may use any of these. */
export type Id = number | string | null;

/** What the security of a side says about a message: who signed it, and anything else that its `seal` adds. */
export type SecurityInfo = Readonly<Record<string, unknown>>;

/** The calls of one batch, which are answered together. The session fills it; codecs only create it. */
export interface Batch {
  /** The number of replies that are still to come. */
  left: number;
  /** The replies so far, encoded. */
  readonly answers: Frame[];
}

/** A call. Without an `id` it is a notification, and gets no reply. */
export interface Call {
  readonly kind: 'call';
  readonly id: Id | undefined;
  readonly method: string;
  /** Always the list of arguments; if `named`, it holds one object, whose fields are the arguments. */
  readonly args: readonly unknown[];
  readonly named: boolean;
  /** Arguments by name in addition to those of `args`, which come first, in a dialect that has both. Then `named` is false. */
  readonly keywords?: Readonly<Record<string, unknown>>;
  readonly batch: Batch | undefined;
  /**
   * The token for the progress of this call, in a dialect that puts it into the call. In an outgoing call it is set if
   * the caller wants progress.
   */
  readonly token?: Id;
  /** What a message of a dialect means to the library: `$/cancelRequest` means `rpc.cancel`. */
  readonly means?: Meaning;
  /** For a method with named arguments, the only argument null means none: vscode-jsonrpc writes undefined so. */
  readonly mayBeEmpty?: true;
  /** Set by the session: the contents of `rpc.about` for this call. */
  about?: About;
  /** Set by the session: what the call passes by reference, until the call has ended. */
  passed?: { end(): void };
  /**
   * Set by the session: the counted size of the frame of the call, as long as the call waits or runs; null for a short
   * one.
   */
  frameMemory?: { retain(): void; release(): void } | null;
  /** Set by the session after its security has opened the message. */
  securityInfo?: SecurityInfo;
}

/** A notification of the library itself: its name `rpc.*`, and its arguments by position. */
export interface Meaning {
  readonly method: string;
  readonly args: readonly unknown[];
}

/** What a call carries besides its method and arguments. It is sent before the call, as `rpc.about`. */
export interface About {
  /** The number of milliseconds that are left for the reply. */
  readonly timeout?: number;
  /** What the caller adds for the handler. */
  readonly metadata?: Metadata;
  /** The caller wants progress. */
  readonly progress?: boolean;
  /** The caller accepts a stream: the number of items, and of bytes of them, that may be in flight. */
  readonly window?: readonly [items: number, bytes: number];
  /** The arguments contain values in the tagged form. */
  readonly tagged?: boolean;
}

/** Data beside the arguments or the result of a call: fields that the codec can carry. */
export type Metadata = Readonly<Record<string, unknown>>;

/** The reply to a successful call. */
export interface Reply {
  readonly kind: 'reply';
  readonly id: Id;
  readonly value: unknown;
  /** Set by the session after its security has opened the message. */
  securityInfo?: SecurityInfo;
}

/** An error as it is sent. */
export interface FaultBody {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** The reply to a failed call; with the id null, to a frame that could not be read. */
export interface Fault {
  readonly kind: 'fault';
  readonly id: Id;
  readonly error: FaultBody;
  /** Set by the session after its security has opened the message. */
  securityInfo?: SecurityInfo;
}

/**
 * The replacement for a message that cannot be read, so that it is answered in its place: alone, or inside its batch.
 */
export interface Bad {
  readonly kind: 'bad';
  readonly id: Id;
  readonly error: FaultBody;
  readonly batch: Batch | undefined;
  /**
   * Of a notification whose other arguments cannot be read: its method and its first argument, which is the id in our
   * own notifications.
   */
  readonly lost?: Meaning;
  /** Set by the session: the beginning of its frame, for people on this side. */
  read?: string;
}

/** What a codec encodes. */
export type Outbound = Call | Reply | Fault;
/** What a codec decodes. */
export type Message = Outbound | Bad;
