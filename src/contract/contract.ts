/**
 * The seam. Everything that a codec, a framing, a security or a transport sees of Obverse is in this file, and what it may rely on
 * stands in the comments. Plug-ins import from here, `errors`, `address`, `framing` and little else: neither the core nor each other.
 */

import type { Limits, Memory } from './limits.js';
import type { Form, Frame, Message, Outbound, SecurityInfo } from './messages.js';
import type { AddressText } from './plugin-names.js';

export type { Limits, Memory } from './limits.js';
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

// ---- codecs ---------------------------------------------------------------------------------------------------------

/**
 * Turns messages into frames and back. Synchronous, without state (a notification to many is encoded once), without I/O,
 * and without knowledge of the spec.
 */
export interface Codec {
  /** The name in the registry, as far as there is one; peers compare it when they say hello. */
  readonly name: string;
  readonly form: Form;
  /** The framing that it prefers on a byte stream: a name, or its own. Only where `form` is text or bytes. */
  readonly framing?: FramingName | FramingFactory;
  /** Whether a side that dials may tell the other that it is Obverse. Never in a dialect for peers that are not Obverse. */
  readonly hello: boolean;
  /**
   * The messages of the library (`rpc.cancel`, `rpc.progress`) that a codec without hello can say all the same, since its
   * dialect has words for them.
   */
  readonly words?: readonly string[];
  /** Whether a frame that cannot be read is answered by a fault with the id null. */
  readonly answersUnreadable: boolean;
  /** The ids of those standard value types (docs/value-types.md) that it carries by itself: they need no tag. */
  readonly natives?: readonly string[];
  /** Whether a call that its caller has given up is answered all the same; false where the protocol forbids it, as MCP does. */
  readonly answersCancelled?: boolean;
  /**
   * Throws whatever it likes if the message cannot be encoded: then this call alone fails. A string of a codec whose
   * framing is `lines` or `nul` never holds the delimiter.
   */
  encode(message: Outbound): Frame;
  /**
   * The same, quickly, for a message whose values are nothing but plain data: text, numbers, true, false, null, plain objects and
   * lists of these, and bytes and dates where the codec carries them by itself; undefined for any other, which `encode` is asked
   * for then. Where a codec has it, such values are not looked at twice.
   */
  encodePlain?(message: Outbound): Frame | undefined;
  /**
   * Gives every message of the frame, in order. Throws a ProtocolError only if the frame as a whole is lost; what it gave
   * before stands. Decoded values hold no own property `__proto__`. What it gives belongs to the receiver: bytes among it
   * are not a view of a buffer that will be used again.
   * @param give gives false once no more of the frame is wanted: a frame of a million entries that are no messages ends the link
   * after a few. Then `decode` stops, and subtracts what was not wanted from `left` of its batch; what it gives all the same is
   * ignored. `bytes` is the size of the message within the frame, where the codec knows it: a short message is not searched for
   * values that are nested too deep, although its frame is long. `levels` is how deep its values are nested at most (lists, maps and
   * objects; the list of the arguments is one of them), where the codec counts while it reads: then nobody searches them again.
   * @param packed the peer has agreed to join the messages of one tick: several in one frame are no batch.
   */
  decode(frame: Frame, give: (message: Message, bytes?: number, levels?: number) => unknown, packed: boolean): void;
  /**
   * Several frames as one: the messages of one tick, where the peer has agreed, and the answers to a batch. A codec
   * without it has neither.
   */
  join?(frames: readonly Frame[]): Frame;
}

/** Makes a codec from its name and options; the default export of a module in `codecs/`. */
export type CodecFactory = (address: Address) => Codec;

// ---- framings -------------------------------------------------------------------------------------------------------

/** The framings by name: after each frame a line feed or a NUL, before each a Content-Length header or 4 bytes; objects and lists of JSON. */
export type FramingName = 'lines' | 'nul' | 'headers' | 'length' | 'json';

/** Cuts a byte stream into frames and makes one of them. One for each direction pair of a link: it holds a partial frame. */
export interface Framing {
  /** The frames of one tick as one piece, for one write. */
  wrap(frames: readonly Frame[]): string | Uint8Array;
  /**
   * Gives every frame that the chunk completes, in order; a binary framing may give several messages as one frame. Throws
   * a ProtocolError if the stream is lost, at the latest when the bound is reached, and before the rest of an oversized
   * frame is kept. The frames given before stand. A frame may be a view of the chunk: nobody uses that memory again.
   */
  push(chunk: Uint8Array, give: (frame: Frame) => void): void;
  /**
   * The stream is over. Gives what is left where it may stand for a frame (a last line without its end), throws a
   * ProtocolError where a frame was cut off.
   */
  end(give: (frame: Frame) => void): void;
  /** How many bytes of memory the part of a frame takes that has come; 0 between frames. Without it, nothing is counted. */
  readonly held?: number;
}

/** Makes the framing of one link. `limit` is the largest frame in bytes. Throws a UsageError if it cannot carry the form. */
export type FramingFactory = (form: 'text' | 'bytes', limit: number) => Framing;

// ---- links and transports -------------------------------------------------------------------------------------------

/** The way to one peer. Made by a transport, used by a session. */
export interface Link {
  /** What the peer is called; unique among the open links of its transport. */
  readonly peer: string;
  /** Bytes that were accepted by `send` and have not yet been taken by the system. */
  readonly buffered: number;
  /** It keeps frames whole and pays for each one: frames of a tick are joined where the peer has agreed. */
  readonly packets?: boolean;
  /** The transport's own handshake has shown that the other side is Obverse (on `ws:`, the subprotocol). */
  readonly agreed?: boolean;
  /** This side has brought it up, and so is the one to say hello. */
  readonly dialed?: boolean;
  /** A link of a bus: `Transport.broadcast` reaches it too, nobody says hello on it, and a frame that cannot be read is dropped without an answer. */
  readonly bus?: boolean;
  /** What to check where a call was not answered in time: ends the text of its TimeoutError. Read only then. */
  readonly advice?: string | undefined;
  /** What the transport knows of the peer and its connection: addresses, headers, certificates. For people and for guards. */
  readonly info?: LinkInfo;
  /**
   * The largest frame in bytes that the link can carry now, if it is less than the bound on frames. It may change, and is read
   * for each message: over `udp:` it is what an address that is not proved may still draw.
   */
  readonly maxFrame?: number;
  /** The largest frame in bytes that it reads, if that is not `wire.limits.frameBytes`. The peer is told. */
  readonly frameBytes?: number;
  /**
   * The frames of one tick, in order. Never throws; failure comes through `Receiver.closed`. May be called from within
   * `Receiver.receive`, but never before `accept` has returned. After the end it does nothing.
   */
  send(frames: readonly Frame[]): void;
  /**
   * Stop reading, if the transport can: frames may still come. The end of the link is reported all the same: a reset or an
   * error at once, an end that lies behind what was not read within `limits.stalledMs`. To find it, a transport may read a
   * little, and keeps at most `limits.bufferedBytes` of it; it ends the link of a peer that sends more.
   */
  pause(): void;
  resume(): void;
  /**
   * Without a reason: sends what was given and ends. With one: ends at once, what is not sent is lost, and `closed` tells
   * the reason. May be called twice. `closed` follows, perhaps within this call.
   */
  close(reason?: Error): void;
  /**
   * Where it is there, the address of the peer can be forged, and `maxFrame` is what it may still draw; what is larger waits for
   * the proof. Called once, when the peer has answered what only a receiver of ours can know: its address is its own.
   */
  proved?(): void;
}

/** What a transport knows of a link, by name; which names there are is said by each transport. */
export type LinkInfo = Readonly<Record<string, unknown>>;

/** What a link delivers to. Made by the core, called by the transport. None of its functions throws. */
export interface Receiver {
  /** One frame, in the order of arrival; never before `accept` has returned, never after `closed`. */
  receive(frame: Frame): void;
  /** What was buffered has left. */
  drained(): void;
  /** How many calls are open in either direction; undefined is none. A transport asks before it drops a link to make room. */
  readonly open?: number;
  /**
   * The peer sends no more and can still be sent to, as on a half-closed socket. After all its frames, and at most once. What
   * it has asked is answered, then the receiver closes the link. A transport whose links cannot be half closed never calls
   * it; where the receiver has no such function, the link ends instead.
   */
  inputEnded?(): void;
  /** The link has ended. Exactly once, by whichever way: without a reason it was a clean end. */
  closed(reason?: Error): void;
}

/** Takes a new link and gives its receiver, so that there is one before the first frame can come. */
export type Accept = (link: Link) => Receiver;

/** Brings up links: a client's one, a server's one for each visitor, a bus's one for each peer it hears. */
export interface Transport {
  /** What a peer connects to; complete once `open` has resolved (a free port is known then). */
  readonly address: string;
  /**
   * Resolves when peers can be reached or can reach us: a transport that dials has accepted its link by then. Called at
   * most once. If it rejects, nothing stays open. If `close` comes first, it rejects.
   */
  open(accept: Accept): Promise<void>;
  /** Ends every link without a reason and frees everything; resolves when `closed` was told to each, and no handle is left. May be called twice, and before `open`. */
  close(): Promise<void>;
  /** On a bus: one message to everyone, also to those who are not known yet. The frames belong together. */
  broadcast?(frames: readonly Frame[]): void;
}

/** What a transport knows of that which it carries. */
export interface Wire {
  readonly form: Form;
  /** The framing that the codec prefers. */
  readonly framing: FramingName | FramingFactory | undefined;
  /** The codec's name, for handshakes. */
  readonly codec: string;
  /** Whether the transport may tell the other side, in a handshake of its own, that this is Obverse. */
  readonly hello: boolean;
  /** Whether to wait for peers, or to dial one. */
  readonly listen: boolean;
  /** Under a security: on a link of a bus every `send` holds one message with its header, and stays in one datagram. */
  readonly sealed: boolean;
  readonly limits: Limits;
  /** The largest frame in bytes on links that anybody may open to this side, in place of `limits.frameBytes`. */
  readonly acceptedFrameBytes: number;
  /** What the side keeps for all its peers: a transport counts here what it keeps of incomplete frames. */
  readonly memory: Memory;
  readonly logger: Logger;
  /** Makes a transport for wrappers such as `mux`; `listen` is the end that the verb asks for where the address leaves it open. */
  transport(source: TransportSource, listen: boolean): Promise<Transport>;
}

/** Makes a transport from its address; the default export of a module in `transports/`. Throws a UsageError for a pair that does not fit. */
export type TransportFactory = (address: Address, wire: Wire) => Transport;

/** Makes a transport that no address names. */
export type TransportMaker = (wire: Wire) => Transport | Promise<Transport>;

/** An address with options that a string cannot hold: a server to attach to, a port, arguments of a command. */
export interface AddressObject {
  readonly url: string;
  readonly [option: string]: unknown;
}

/** Names a transport: an address, an address with options, one's own maker, or several of these (a mux). */
export type TransportSource = AddressText | AddressObject | TransportMaker | readonly TransportSource[];

/** An address, taken apart. */
export interface Address {
  /** As it was written, without options that a string cannot hold. */
  readonly text: string;
  /** What stands before the first colon, in lower case, without `-server`. */
  readonly scheme: string;
  /** What stands between the first colon and the options. */
  readonly rest: string;
  /** The query and the options of the object, not yet checked: `readOptions` does that. */
  readonly options: Readonly<Record<string, unknown>>;
}

// ---- security -------------------------------------------------------------------------------------------------------

/** What `seal` gives: information that travels before the message, and what replaces the message, if anything does. */
export interface Sealed {
  /** Empty means that nothing is said: the message travels without a header. */
  readonly info: SecurityInfo;
  readonly payload?: Frame;
}

/**
 * Vouches for messages and checks them, over the exact frame that travels. Both functions may be asynchronous; the order
 * of messages is kept.
 */
export interface Security {
  /** Called once for each message, also for one that goes to many. What it throws makes that call fail. */
  seal(payload: Frame): Sealed | Promise<Sealed>;
  /** Gives what the codec is to decode. What it throws refuses the message: it is reported, and answered where it can be. */
  open(payload: Frame, info: SecurityInfo): Frame | Promise<Frame>;
}

/** Makes a security from its name and options; null means that nothing is added or checked. */
export type SecurityFactory = (address: Address) => Security | null;

// ---- reports --------------------------------------------------------------------------------------------------------

/** Where the library reports. `console` fits. */
export interface Logger {
  warn(message: string, ...details: unknown[]): void;
  error(message: string, ...details: unknown[]): void;
}
