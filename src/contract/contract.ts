/**
 * The plug-in contract. This file has everything that a codec, a framing, a security or a transport sees of Obverse, and its comments say
 * what a plug-in can rely on. Plug-ins import from here, `errors`, `address`, `framing` and little else: neither the core nor each other.
 */

import type { Limits, Memory } from './limits.js';
import type { LinkInfo } from './link-info.js';
import type { Form, Frame, Message, Outbound, SecurityInfo } from './messages.js';
import type { AddressText } from './plugin-names.js';
import type { Redialer } from './redialer.js';

export type { Limits, Memory } from './limits.js';
export type { LinkInfo } from './link-info.js';
export type {
  About,
  Bad,
  Batch,
  Call,
  Fault,
  FaultBody,
  Form,
  Frame,
  Id,
  Meaning,
  Message,
  Metadata,
  Outbound,
  Parcel,
  Reply,
  SecurityInfo,
} from './messages.js';
export type { Redialer, RedialWatch } from './redialer.js';

// ---- codecs ---------------------------------------------------------------------------------------------------------

/**
 * Turns messages into frames and back. Synchronous, stateless (a notification to many peers is encoded once), without I/O, and without
 * knowledge of the spec.
 */
export interface Codec {
  /** The name in the registry, if there is one; peers compare it in hello. */
  readonly name: string;
  readonly form: Form;
  /** The framing that it prefers on a byte stream: a name, or its own. Only if `form` is text or bytes. */
  readonly framing?: FramingName | FramingFactory;
  /** Whether a dialing side may tell the peer that it is Obverse. Never in a dialect for peers that are not Obverse. */
  readonly hello: boolean;
  /**
   * The messages of the library (`rpc.cancel`, `rpc.progress`) that a codec without hello can nevertheless express, because its dialect has
   * a form for them.
   */
  readonly words?: readonly string[];
  /** Whether the answer to an unreadable frame is a fault with the id null. */
  readonly answersUnreadable: boolean;
  /** The ids of the standard value types (docs/value-types.md) that it carries natively: they need no tag. */
  readonly natives?: readonly string[];
  /** Whether a cancelled call is still answered; false if the protocol forbids it, as MCP does. */
  readonly answersCancelled?: boolean;
  /**
   * Throws any error if the message cannot be encoded: then only this call fails. A string of a codec whose framing is `lines` or `nul`
   * never contains the delimiter.
   */
  encode(message: Outbound): Frame;
  /**
   * A fast path for a message whose values are plain data only: text, numbers, true, false, null, plain objects and lists of these, and
   * bytes and dates if the codec carries them natively; undefined for any other message, which is then passed to `encode`. If a codec has
   * it, such values are not inspected twice.
   */
  encodePlain?(message: Outbound): Frame | undefined;
  /**
   * Passes every message of the frame to `give`, in order. Throws a ProtocolError only if the frame as a whole is lost; the messages passed
   * before remain valid. Decoded values have no own property `__proto__`. The messages belong to the receiver: bytes in them are not a view
   * of a buffer that will be reused.
   * @param give returns false when the rest of the frame is not wanted: a frame of a million invalid entries ends the link after a few.
   * Then `decode` stops, and subtracts the remaining entries from `left` of its batch; further messages are ignored. `bytes` is the size of
   * the message within the frame, if the codec knows it: a short message is not searched for values that are nested too deep, although its
   * frame is long. `levels` is the nesting depth of its values (lists, maps and objects; the list of the arguments is one of them), if the
   * codec counts while it reads: then they are not searched again.
   * @param packed the peer has agreed to join the messages of one tick: several messages in one frame are not a batch.
   */
  decode(frame: Frame, give: (message: Message, bytes?: number, levels?: number) => unknown, packed: boolean): void;
  /** Several frames as one: the messages of one tick, if the peer has agreed, and the answers to a batch. A codec without it has neither. */
  join?(frames: readonly Frame[]): Frame;
}

/** Makes a codec from its name and options; the default export of a module in `codecs/`. */
export type CodecFactory = (address: Address) => Codec;

// ---- framings -------------------------------------------------------------------------------------------------------

/** The framings by name: a line feed or a NUL after each frame, a Content-Length header or 4 bytes before each; objects and lists of JSON. */
export type FramingName = 'lines' | 'nul' | 'headers' | 'length' | 'json';

/** Splits a byte stream into frames and joins frames. One for each link: it holds a partial frame. */
export interface Framing {
  /** The frames of one tick as one piece, for one write. */
  wrap(frames: readonly Frame[]): string | Uint8Array;
  /**
   * Passes on every frame that the chunk completes, in order; a binary framing may pass on several messages as one frame. Throws a
   * ProtocolError if the stream is lost, at the latest when the limit is reached, and before the rest of an oversized frame is kept. The
   * frames passed on before remain valid. A frame may be a view of the chunk, whose memory must not be reused.
   */
  push(chunk: Uint8Array, give: (frame: Frame) => void): void;
  /**
   * The stream has ended. Passes on the rest if it can be a frame (a last line without its end), throws a ProtocolError if a frame was cut
   * off.
   */
  end(give: (frame: Frame) => void): void;
  /** The number of bytes of memory that the incomplete frame takes; 0 between frames. Without this method, nothing is counted. */
  readonly held?: number;
}

/**
 * Makes the framing of one link. `limit` is the largest frame in bytes; `single`: each message is passed on as a frame of its own, as a
 * security needs them. Throws a UsageError if it cannot carry the form.
 */
export type FramingFactory = (form: 'text' | 'bytes', limit: number, single?: boolean) => Framing;

// ---- links and transports -------------------------------------------------------------------------------------------

/** The connection to one peer. Made by a transport, used by a session. */
export interface Link {
  /** The id of the peer; unique among the open links of its transport. */
  readonly peer: string;
  /** The number of bytes that were accepted by `send` and have not yet been accepted by the system. */
  readonly buffered: number;
  /** The transport keeps frames whole and each one has a cost: the frames of a tick are joined if the peer has agreed. */
  readonly packets?: boolean;
  /** The handshake of the transport has shown that the other side is Obverse (on `ws:`, the subprotocol). */
  readonly agreed?: boolean;
  /** This side has initiated the link, and therefore sends hello, unless `agreed` is false: then the other side is not Obverse. */
  readonly dialed?: boolean;
  /**
   * A link of a bus: `Transport.broadcast` reaches it too, no side sends hello on it, and an unreadable frame is dropped without an answer.
   */
  readonly bus?: boolean;
  /**
   * Of a link over a network, which can be dead without anybody being told: a number that grows while bytes arrive, also of an incomplete
   * frame, or while bytes leave that are counted in `buffered`; 0 where that cannot be seen. Such links have a heartbeat, others have not.
   */
  readonly moved?: number | undefined;
  /** What to check if a call was not answered in time: the end of the text of its TimeoutError. Read only then. */
  readonly advice?: string | undefined;
  /** What the transport knows of the peer and its connection: addresses, headers, certificates. For people and for guards. */
  readonly info?: LinkInfo;
  /**
   * The largest frame in bytes that the link can carry now, if that is less than the limit for frames. It may change, and is read for each
   * message: over `udp:` it is what an unproved address may still receive.
   */
  readonly maxFrame?: number;
  /** The largest frame in bytes that it accepts, if that is not `wire.limits.frameBytes`. This value is sent to the peer. */
  readonly frameBytes?: number;
  /** Its transport brings up another link when this one has ended. */
  readonly redialer?: Redialer;
  /**
   * Sends the frames of one tick, in order. Never throws; failure is reported through `Receiver.closed`. May be called from within
   * `Receiver.receive`, but never before `accept` has returned. After the end it does nothing.
   */
  send(frames: readonly Frame[]): void;
  /**
   * Stops reading, if the transport can: frames may still arrive. The end of the link is reported nevertheless: a reset or an error at
   * once, an end after unread bytes within `limits.stalledMs`. To find it, a transport may read a little, and keeps at most
   * `limits.bufferedBytes` of it; it ends the link of a peer that sends more.
   */
  pause(): void;
  resume(): void;
  /**
   * Without a reason: sends the accepted frames and ends. With one: ends at once, unsent frames are lost, and `closed` reports the reason.
   * May be called twice. `closed` follows, perhaps within this call.
   */
  close(reason?: Error): void;
  /**
   * If present, the address of the peer can be forged, and `maxFrame` is what it may still receive; larger messages wait for the proof.
   * Called once, when the peer has answered with a value that only the holder of the address can know.
   */
  proved?(): void;
}

/** The receiver of a link. Made by the core, called by the transport. None of its functions throws. */
export interface Receiver {
  /** One frame, in the order of arrival; never before `accept` has returned, never after `closed`. */
  receive(frame: Frame): void;
  /** The buffered bytes have been sent. */
  drained(): void;
  /** The number of open calls in either direction; undefined means none. A transport reads it before it drops a link to make room. */
  readonly open?: number;
  /**
   * The peer sends no more but can still receive, as on a half-closed socket. After all its frames, and at most once. Its requests are
   * answered, then the receiver closes the link. A transport whose links cannot be half-closed never calls it; if the receiver has no such
   * function, the link ends instead.
   */
  inputEnded?(): void;
  /** The link has ended. Called exactly once, for every kind of end: without a reason it was a clean end. */
  closed(reason?: Error): void;
}

/** Accepts a new link and returns its receiver, so that there is one before the first frame can arrive. */
export type Accept = (link: Link) => Receiver;

/** Establishes links: one for a client, one for each connection of a server, one for each peer on a bus. */
export interface Transport {
  /** The address that a peer connects to; complete once `open` has resolved (a free port is known then). */
  readonly address: string;
  /**
   * Resolves when peers can be reached or can reach this side: a dialing transport has accepted its link by then. Called at most once. If
   * it rejects, nothing stays open. If `close` is called first, it rejects.
   */
  open(accept: Accept): Promise<void>;
  /**
   * Ends every link without a reason and releases everything; resolves when `closed` was called for each, and no handle is left. May be
   * called twice, and before `open`.
   */
  close(): Promise<void>;
  /** Brings up no more links; those that are up stay. Resolves when another transport can have its address. May be called twice. */
  retire?(): Promise<void>;
  /** On a bus: sends one message to everyone, including unknown peers. The frames belong together. */
  broadcast?(frames: readonly Frame[]): void;
}

/** What a transport knows of the side that uses it. */
export interface Wire {
  readonly form: Form;
  /** The framing that the codec prefers. */
  readonly framing: FramingName | FramingFactory | undefined;
  /** The name of the codec, for handshakes. */
  readonly codec: string;
  /** Whether the transport may tell the other side, in a handshake of its own, that this is Obverse. */
  readonly hello: boolean;
  /** Whether to listen for peers, or to dial one. */
  readonly listen: boolean;
  /** With a security: on a link of a bus every `send` holds one message with its header, and stays in one datagram. */
  readonly sealed: boolean;
  readonly limits: Limits;
  /** The largest frame in bytes on links that anybody may open to this side, in place of `limits.frameBytes`. */
  readonly acceptedFrameBytes: number;
  /** The memory that the side keeps for all its peers: a transport counts incomplete frames here. */
  readonly memory: Memory;
  readonly logger: Logger;
  /** Makes a transport for wrappers such as `mux`; `listen` is the end for the method that was called, if the address leaves it open. */
  transport(source: TransportSource, listen: boolean): Promise<Transport>;
}

/** Makes a transport from its address; the default export of a module in `transports/`. Throws a UsageError for a pair that does not fit. */
export type TransportFactory = (address: Address, wire: Wire) => Transport;

/** Makes a transport that has no address. */
export type TransportMaker = (wire: Wire) => Transport | Promise<Transport>;

/** An address with options that a string cannot hold: a server to attach to, a port, arguments of a command. */
export interface AddressObject {
  readonly url: string;
  readonly [option: string]: unknown;
}

/** Specifies a transport: an address, an address with options, a function that makes one, or several of these (a mux). */
export type TransportSource = AddressText | AddressObject | TransportMaker | readonly TransportSource[];

/** A parsed address. */
export interface Address {
  /** The address as it was written, without options that a string cannot hold. */
  readonly text: string;
  /** The part before the first colon, in lower case, without `-server`. */
  readonly scheme: string;
  /** The part between the first colon and the options. */
  readonly rest: string;
  /** The query and the options of the object, not yet checked: `readOptions` does that. */
  readonly options: Readonly<Record<string, unknown>>;
}

// ---- security -------------------------------------------------------------------------------------------------------

/** The result of `seal`: information that is sent before the message, and a replacement of the message, if there is one. */
export interface Sealed {
  /** If empty, the message is sent without a header. */
  readonly info: SecurityInfo;
  readonly payload?: Frame;
}

/**
 * Signs messages and verifies them, over the exact frame that is sent. Both functions may be asynchronous; the order of messages is kept.
 */
export interface Security {
  /** Called once for each message, also for one that goes to several peers. If it throws, that call fails. */
  seal(payload: Frame): Sealed | Promise<Sealed>;
  /** Returns the frame for the codec to decode. If it throws, the message is refused: it is reported, and answered if possible. */
  open(payload: Frame, info: SecurityInfo): Frame | Promise<Frame>;
}

/** Makes a security from its name and options; null means that nothing is added or verified. */
export type SecurityFactory = (address: Address) => Security | null;

// ---- reports --------------------------------------------------------------------------------------------------------

/** Receives the reports of the library. `console` fits. */
export interface Logger {
  warn(message: string, ...details: unknown[]): void;
  error(message: string, ...details: unknown[]): void;
}
