/**
 * The plug-in contract. This file has everything that a codec, a framing, a security or a transport sees of Obverse, and its comments say
 * what a plug-in can rely on. Plug-ins import from here, `errors`, `address`, `framing` and little else: neither the core nor each other.
 */

import type { Limits, Memory } from './limits.js';
import type { Accept } from './link.js';
import type { Form, Frame, Message, Outbound, SecurityInfo } from './messages.js';
import type { AddressText } from './plugin-names.js';

export type { Delivery, Envelope } from './delivery.js';
export type { Limits, Memory } from './limits.js';
export type { Accept, Link, Receiver } from './link.js';
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
  /** Whether a dialing side may report to the peer that it is Obverse. Never in a dialect for peers that are not Obverse. */
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
  /** What its dialect asks of HTTP: headers, and that a GET has no other meaning than its own. */
  readonly http?: HttpProtocol;
  /**
   * Its frames consist of parts, in the form of `contract/parts.ts`, which some transports send as the parts of one message. `headed`: the first part is
   * a header, which is not sent where nothing is answered; it is empty in a frame that arrives there.
   */
  readonly parts?: 'headed';
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

/** The headers of a request or a response, by their names in lower case. */
export type HttpHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What the protocol of a dialect asks of requests over HTTP. Names of headers are in lower case. Nothing here throws. */
export interface HttpProtocol {
  /**
   * The header of a response that names a session. The client sends it with each later request until a response has the status 404, and
   * ends the session by a DELETE when it closes.
   */
  readonly session: string;
  /** The headers of a client for one request, by its body; undefined for none. */
  headersFor(body: string): Readonly<Record<string, string>> | undefined;
  /** The headers of all later requests of a client, by the answer to a call of `method`; undefined for none. */
  headersAfter(method: string, answer: string): Readonly<Record<string, string>> | undefined;
  /** Why a server refuses a request, as the body of a response with the status 400; undefined if it does not. */
  refusal(headers: HttpHeaders, body: string): string | undefined;
  /** The status of a response of a server with this answer to a request. */
  statusOf(headers: HttpHeaders, answer: string): number;
  /** Whether a GET may receive events. */
  takesGet(headers: HttpHeaders): boolean;
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
  /** What `wrap` puts between two frames, if frames that are joined with it may be given to it as one: see `Link.between`. */
  readonly between?: string;
  /** The number of bytes of memory that the incomplete frame takes; 0 between frames. Without this method, nothing is counted. */
  readonly held?: number;
}

/**
 * Makes the framing of one link. `limit` is the largest frame in bytes; `single`: each message is passed on as a frame of its own, as a
 * security needs them. Throws a UsageError if it cannot carry the form.
 */
export type FramingFactory = (form: 'text' | 'bytes', limit: number, single?: boolean) => Framing;

// ---- links and transports -------------------------------------------------------------------------------------------

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
  /** On a bus, and where links have `broadcast`: sends one message to everyone, including unknown peers. The frames belong together. */
  broadcast?(frames: readonly Frame[]): void;
  /**
   * Resolves when everything that was sent before, over its links and by `publish`, is stored or has reached the broker; rejects if some of
   * it has not.
   */
  flush?(): Promise<void>;
  /**
   * Sends one message to everyone who has subscribed to the topic, this side included. The frames belong together. Throws a UsageError for a
   * name that nothing can be sent to, such as one with a wildcard; a ProtocolError for a message that is too large for the broker, or if
   * more than `limits.bufferedBytes` wait to be sent.
   */
  publish?(topic: string, frames: readonly Frame[]): void;
  /**
   * Receives what is published under this topic, whose wildcards are those of the broker: each message is a frame of one of its links, or of
   * a brief link that takes nothing. Resolves, once it has begun, with a function that ends the subscription. It lasts while the transport is
   * open, also over connections to the broker that are restored.
   */
  subscribe?(topic: string): Promise<() => Promise<void>>;
  /** The numbers of an engine that keeps messages: waiting, taken, dead, oldest. */
  stats?(): Promise<Readonly<Record<string, number>>>;
}

/** What a transport knows of the side that uses it. */
export interface Wire {
  readonly form: Form;
  /** The framing that the codec prefers. */
  readonly framing: FramingName | FramingFactory | undefined;
  /** The name of the codec, for handshakes. */
  readonly codec: string;
  /** Whether the transport may report to the other side, in a handshake of its own, that this is Obverse. */
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
  /** What the dialect of the codec asks of HTTP. */
  readonly http?: HttpProtocol;
  /** The frames of the codec consist of parts. */
  readonly parts?: Codec['parts'];
  /** The methods of the side as JSON, for transports that can serve it: what `describe()` returns, without `meta`. */
  document(): string;
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
