import type { Delivery, Envelope } from './delivery.js';
import type { LinkInfo } from './link-info.js';
import type { Frame } from './messages.js';
import type { Redialer } from './redialer.js';

/** The connection to one peer. Made by a transport, used by a session. */
export interface Link {
  /** The id of the peer; unique among the open links of its transport. */
  readonly peer: string;
  /** The number of bytes that were accepted by `send` and have not yet been accepted by the system. */
  readonly buffered: number;
  /** The transport keeps frames whole and each one has a cost: the frames of a tick are joined if the peer has agreed. */
  readonly packets?: boolean;
  /**
   * What the link puts between two frames of one `send`, if it takes them joined as well: `send([a, b])` writes the same as
   * `send([a + between + b])`. For bytes, only the empty text has a meaning. Undefined: each frame is given on its own.
   */
  readonly between?: string | undefined;
  /** The handshake of the transport has shown that the other side is Obverse (on `ws:`, the subprotocol). */
  readonly agreed?: boolean;
  /** This side has initiated the link, and therefore sends hello, unless `agreed` is false: then the other side is not Obverse. */
  readonly dialed?: boolean;
  /**
   * A link of a bus: `Transport.broadcast` reaches it too, no side sends hello on it, and an unreadable frame is dropped without an answer.
   */
  readonly bus?: boolean;
  /**
   * Of a link over a network, which can be dead without a report to either end: a number that grows while bytes arrive, also of an incomplete
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

  /** Called once when the peer has a session: at once within `accept`, or when it was found who the peer is. Nothing is sent to it before. */
  admitted?(): void;
  /** The peer is not let in, for this reason; `close` follows. For transports that have words for it, such as the status 401 of HTTP. */
  denied?(reason: Error): void;

  // ---- services and brief links; docs/writing-a-transport.md has a guide

  /**
   * A link that exists for its first frame: a POST, a task, the request of a client that is not Obverse. Its peer is in no list of peers, and
   * neither `connect` nor `disconnect` is emitted for it. The core closes the link when everything in that frame has been handled: without a
   * reason if all of it succeeded; with the first error of a call that failed, was refused, or is handled by nobody; with ConnectionLost if
   * the side was closed first. Nothing is to be acknowledged before that. An answer and what belongs to it are one frame, and so are the
   * answers to a batch; they were sent before `close`, and count also if that has a reason. No hello is sent or awaited.
   */
  readonly brief?: boolean;
  /**
   * The link leads to a service: many peers that answer as one. Each frame may reach another of them, so calls are sent one by one, through
   * `dispatch`. What a peer of the service (a member) sends arrives over a link of its own, which names this one as its `service`.
   */
  readonly anycast?: boolean;
  /**
   * The anycast link whose member this link leads to: it answers calls that were sent over that one. It is in no list of peers, but it is the
   * `sender` of the calls that it makes.
   */
  readonly service?: Link;
  /**
   * What the link can carry; everything if undefined. `calls`: calls of methods, and none of the messages of the library, whose names begin
   * with `rpc.` (a queue, the client of a POST); `answers`: only answers to what has arrived; `notifications`: nothing that is answered
   * (PUSH, PUB, a listener of events); `nothing`: it can only be read. The core refuses the rest with a UsageError, at the call.
   */
  readonly takes?: 'notifications' | 'answers' | 'calls' | 'nothing';
  /** The options of `delivery` that the link respects; none if undefined. The core refuses the others with a UsageError, at the call. */
  readonly keeps?: readonly (keyof Delivery)[];
  /**
   * In ms. A side that serves over this link reports at this interval which calls of the peer it is working on (`rpc.working`). On an anycast
   * link, a call about which nothing has arrived for three intervals rejects with ConnectionLost; the interval may change there.
   */
  readonly callBeat?: number;
  /**
   * Of an anycast link with `callBeat`. False: it is not known of anybody who serves that it reports, so a call that is sent now may take as long
   * as it likes, unless a member reports it. Others report if undefined. May change.
   */
  readonly reports?: boolean;
  /** The connection to the broker is being restored: until then, silence has no meaning. `peer.isAway` is true meanwhile. */
  readonly away?: boolean;
  /** `Transport.broadcast` reaches the peer of this link too. A bus implies it. */
  readonly broadcast?: boolean;
  /**
   * Sends one call, in place of `send`, and in order with it. Several frames belong together: a header and its message, which stay one
   * message. Returns the link of the member that the call was sent to, if that is known. Never throws.
   */
  dispatch?(frames: readonly Frame[], call: Envelope): Link | undefined;
  /**
   * A call that was dispatched is cancelled, and the core does not know which member has it. `frames` report this (`rpc.cancel`) to every
   * member that may have it; an HTTP client aborts the request instead.
   */
  withdraw?(id: number, frames: readonly Frame[]): void;
  /**
   * In place of `dispatch`, for a service whose members this side has dialed: returns the link of the member that is to have the call, which was
   * accepted with this link as its `service` and admitted, or the error with which the call fails. The core sends the call over that link, among
   * what else it sends there. A call whose member ends before it was sent, or is busy, is given to `choose` again. Never throws.
   */
  choose?(call: Envelope): Link | Error;
  /**
   * The peer is about to close, in so many milliseconds, and asks that nothing new is begun over this link (`rpc.leaving`). A transport that
   * has another way to do so takes that, and calls `Receiver.retire`.
   */
  leaving?(within: number): void;
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
   * answered, then the receiver closes the link. `reason`: the last frame is incomplete; without such a function, the link ends with it. A transport whose links cannot be half-closed never calls it; if the receiver has no such
   * function, the link ends instead.
   */
  inputEnded?(reason?: Error): void;
  /**
   * The result of a call that was dispatched: an error, or the frames of its answer, whatever id they contain. May be called after an answer
   * has arrived, or twice: the ids of dispatched calls are not used again soon, so that a late outcome is ignored.
   */
  outcome?(id: number, answer: readonly Frame[] | Error): void;
  /**
   * Of an anycast link, in place of `receive`: one frame that was sent to everybody who is connected, or to a topic. A peer that may send there does not
   * need to serve: methods are called by it, but no answer in it counts, and nothing else that concerns a call of this side.
   */
  published?(frame: Frame): void;
  /** Nothing new is begun over the link, as far as the transport can say: the receiver closes it once no call is open in either direction. */
  retire?(): void;
  /** The link has ended. Called exactly once, for every kind of end: without a reason it was a clean end. */
  closed(reason?: Error): void;
}

/** Accepts a new link and returns its receiver, so that there is one before the first frame can arrive. */
export type Accept = (link: Link) => Receiver;
