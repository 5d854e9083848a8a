import type {
  About,
  Bad,
  Batch,
  Call,
  Codec,
  Delivery,
  Fault,
  FaultBody,
  Frame,
  Id,
  Link,
  Logger,
  Reply,
} from '../contract/contract.js';
import type { RpcError } from '../contract/errors.js';
import type { Peer, Sender } from '../types/peers.js';
import type { Connection, ConnectionHost } from './connection.js';
import type { FrameFilter } from './frame-filter.js';
import type { CallDetails } from './incoming-calls/call-details.js';
import type { Journal } from './journal.js';
import type { PendingCalls, ReplyHandler } from './outgoing-calls/pending-calls.js';
import type { PeerLoad } from './peer-load.js';
import type { CallHeaders } from './receiving/incoming-headers.js';
import type { PostedCalls } from './sending/posted-calls.js';
import type { SendQueue } from './sending/send-queue.js';
import type { SessionPart } from './session-part.js';
import type { SessionValues } from './session-values.js';

/*
 * The session layer as its parts, the layers above and the extensions see it. These interfaces name each other, so they stand in one
 * file, which imports none of the classes that use them.
 */

/** Calls of a peer that wait, in their order, until an extension lets them start. */
export interface StartingCalls {
  /** Resolves when each of them has started or was refused. Never rejects. */
  readonly started: Promise<unknown>;
  /** Starts another call after them. Returns what `start` returns, or a promise of it. */
  start(call: ActiveCall, start: () => unknown): unknown;
}

/** The conversation with one peer: the pending calls of this side, and the calls of the peer. */
export interface Session {
  /** Undefined while it has none. Without a journal it ends with its connection. */
  readonly connection: Connection | undefined;
  /** The link of the connection; of the last one where there is none. */
  readonly link: Link;
  readonly host: SessionHost;
  /** What lets the session go on over another connection; undefined where nothing does. */
  journal: Journal | undefined;
  /** Which of its messages are calls, where it has to be known: another session may send them, or they wait for a connection. */
  posted: PostedCalls | undefined;
  /** The peer; set by the side that has begun the session. */
  readonly peer: SessionPeer | undefined;
  /** Who the peer is, as an extension has found: that of the first connection. */
  user: unknown;
  /** Why it has ended; undefined as long as it has not. */
  readonly ended: RpcError | undefined;
  /** Why no answer can come any more: it has ended, or its peer has ended its side; undefined as long as one can. */
  readonly noReplyReason: RpcError | undefined;
  /** The peer has sent hello: it joins the messages of a turn, and understands it if we do. */
  readonly agreed: boolean;
  /** With a security: what each frame passes before it leaves. */
  readonly filter: FrameFilter | undefined;
  /** The calls that wait for an asynchronous check; undefined if none waits. */
  starting: StartingCalls | undefined;
  readonly load: PeerLoad;
  /**
   * Of a member of a service: the session of the service, which has the pending calls of all members. Streams that it offers, and what it
   * passes by reference, are there for its members.
   */
  readonly service: Session | undefined;
  /** What is passed by reference, in both directions; made with the first message that has something of the kind. */
  readonly values: SessionValues;
  /** The same, if there is any. */
  readonly mapped: SessionValues | undefined;

  // ---- what this side asks

  /** The calls of this side that are open; undefined before the first one. */
  readonly pending: PendingCalls | undefined;
  /** How many answers are still to come. */
  readonly pendingCount: number;
  /**
   * Calls, and notes who waits for the answer. Returns the id. Throws if the call cannot be sent: then nobody waits. `about` is
   * sent as headers of the call, where the peer understands those.
   */
  sendRequest(method: string, args: readonly unknown[], named: boolean, waiter: ReplyHandler, about?: About): number;
  /** The same for values that the codec can carry as they are. */
  sendPlainRequest(
    method: string,
    args: readonly unknown[],
    named: boolean,
    waiter: ReplyHandler,
    about?: About,
  ): number;
  /** Calls, and promises the answer. `timeout` in milliseconds. */
  request(method: string, args: readonly unknown[], named: boolean, timeout: number): Promise<unknown>;
  /** Notifies. Throws if it cannot be sent. `delivery`: for `Link.dispatch`. */
  notify(method: string, args: readonly unknown[], named: boolean, about?: About, delivery?: Delivery): void;
  /** Sends one of the library's own messages, if the codec has words for it. Returns false if it was not sent. */
  sendSystem(method: string, args: readonly unknown[]): boolean;
  /** Who waits for the answer to a call of this side. */
  pendingCall(id: Id): ReplyHandler | undefined;
  /** Cancels a call of this side: removes it from the pending calls, and sends `rpc.cancel`. The caller rejects its promise. */
  cancel(id: Id, reason?: string): void;

  // ---- frames

  /** What leaves at the end of the turn. */
  readonly sendQueue: SendQueue;
  /** The largest frame, in bytes, that may leave now: that of the link may change. */
  readonly frameLimit: number;
  /** The length of the frame whose messages are being dispatched, in letters or bytes. */
  readonly frameBytes: number;
  /** How many bytes were read since this was called last: for the journal, which counts those of a frame once, however many messages it has. */
  arrivedBytes(): number;
  /** Encodes for this link. Throws a UsageError for what cannot be encoded, a ProtocolError for what is too large. */
  encode(message: Call | Reply | Fault): Frame;
  /**
   * Lets a frame leave at the end of the turn. Throws a ProtocolError, busy, if nothing more is kept for the peer, and what
   * the security throws; what that rejects with goes to `failed`, or is reported.
   */
  post(frame: Frame, failed?: (error: unknown) => void): void;
  /**
   * Where calls are sent one by one (`Link.dispatch`): sends a call with its headers, if it has any, as one message. Undefined where they are
   * posted. Throws as `post`, and a UsageError for what the link cannot carry.
   */
  postTogether?(call: Pick<Call, 'id' | 'method'>, frames: readonly Frame[], failed?: (error: unknown) => void): void;
  /** Posts a notification that was encoded for several sessions, after its headers if it has any. Throws as `post`. */
  postNotification(method: string, frames: readonly Frame[]): void;

  // ---- what the peer asks

  /** The calls of the peer that are at work or wait; undefined before the first one. */
  readonly callQueue:
    | {
        readonly streams: number;
        readonly size: number;
        readonly queued: number;
        readonly ids: ReadonlyMap<Id, unknown>;
      }
    | undefined;
  /** The answers to the calls of the peer, and how many bytes of them wait. */
  readonly replies: Replies;
  /** The headers that the peer has sent for its next call. */
  readonly callHeaders: CallHeaders;
  /** The call of the peer's with this id, while it is at work. */
  activeCall(id: Id): ActiveCall | undefined;
  /** How many calls are open, in both directions. */
  readonly open: number;
  /** The peer cancels a call; one that has ended is ignored. */
  cancelIncoming(id: Id, reason: RpcError): void;
  /** The id of the answer, which comes next, that holds values in the tagged form. */
  tagged: Id | undefined;

  // ---- time and end

  /** Bytes that wait to be sent: of this session, and in the link. */
  readonly buffered: number;
  /** Adds what an extension keeps for the session. Parts are called in the order in which they were added. */
  add(part: SessionPart): void;
  remove(part: SessionPart): void;
  /** Hands over what was posted, before the end of the turn. */
  flush(): void;
  /** Ends without a reason as soon as nothing is pending in either direction; with `isAcknowledged`, and everything has arrived. */
  closeWhenIdle(isAcknowledged?: boolean): void;

  /** Asks to be called by then, at the latest. */
  remind(at: number): void;
  /** Something has come to its end. */
  closeIfIdle(): void;
  /** A call of the peer was not carried out, or has failed. A brief link closes with the first such error. */
  callFailed(error: unknown): void;
  /** Reports what is wrong with what the peer has sent; `id` is that of the message, if it has one. */
  report(error: unknown, id?: Id, method?: string): void;
  /** Ends it. Without a reason, what was posted still leaves. */
  end(reason?: Error): void;
}

/** How what a peer has sent is answered. Nothing here throws. */
export interface Replies {
  /** How many bytes the answers have that wait for the others of their batches, and those that find no room. */
  readonly held: number;
  readonly parked: { readonly bytes: number } | undefined;
  /** The call went well. */
  succeed(call: Call, value: unknown, sender: ActiveCall): void;
  /** The call failed. */
  fail(call: Call, error: unknown, sender: ActiveCall): void;
  /** The call is answered, as far as it is to be: what was to run then runs now. */
  answered(sender: ActiveCall): void;
  /** The call is refused by the library itself, which says so whatever the policy for errors. */
  refuse(call: Call, error: RpcError): void;
  /** Answers with an error, with less in it where the whole of it cannot be sent. */
  fault(to: Pick<Call | Bad, 'id' | 'batch'>, error: FaultBody): void;
  /** Sends the answers of a batch that are there. */
  complete(batch: Batch): void;
}

/** A peer as its session knows it. */
export interface SessionPeer extends Peer {
  readonly session: Session;
}

/** A call of the peer's that is carried out. */
export interface ActiveCall extends Sender {
  readonly peer: SessionPeer;
  readonly call: Call;
  /** It was answered, or its handlers have ended: progress and metadata are dropped from now on. */
  done: boolean;
  /** What belongs to the call besides its arguments; made now. */
  readonly details: CallDetails;
  /** The same, if there is any. */
  readonly detailsIfAny: CallDetails | undefined;
  /** Cancels the call. */
  cancel(reason: RpcError): void;
}

/** What a session needs of the side that it belongs to. One for all sessions of a side. */
export interface SessionHost extends ConnectionHost {
  /** Of the codec, where plain data is all that is left to it. */
  readonly encodePlain: Codec['encodePlain'];
  readonly logger: Logger;
  readonly mapper: ValueMapper;
  /** How many calls of one peer are at work at a time. */
  readonly concurrency: number;
  /** The messages that are looked up here and not in the spec: `rpc.*`, by name. */
  readonly notifications: SystemNotifications;
  /** Messages of a connection rather than of its session, by name. */
  readonly controls: Controls;
  /** The requests that are looked up where a side has no method of the name. */
  readonly requests: Readonly<Record<string, SystemRequest>>;
  /** How long a call waits for its answer, in milliseconds, where it does not specify it itself. */
  readonly timeout: number;
  /** How long a handler may take, in milliseconds, where neither the call nor its method specifies it. */
  readonly handlerTimeout: number;
  /** Whether the transport can reach everybody with one message. */
  readonly broadcasts: boolean;
  /** The sessions that have no connection at the moment. */
  readonly away: Set<Session>;
  /** Carries a call out: returns its answer or a promise of it, or throws. */
  serve(sender: ActiveCall): unknown;
  /** Whether a method of this name is declared or set as incoming on this side. */
  handles(method: string): boolean;
  /** An error as it travels to the peer of a session; it is logged where the options specify that. */
  toFault(error: unknown, session?: Session): FaultBody;
  fromFault(fault: FaultBody): Error;
  /** The same fault with less in it, in turn, for where the whole of it cannot be sent. */
  smaller(fault: FaultBody): readonly FaultBody[];
  /** Something is wrong with what a peer has sent; `id` is that of the message, if it has one. */
  reportError(session: Session, error: unknown, id?: Id, method?: string): void;
  /** The session has ended. Called once. */
  ended(session: Session): void;
}

/**
 * The notifications of the library itself, by the name of the method. A function returns false if the message meant nothing here: a
 * message of a dialect is then served under its own name.
 */
export type SystemNotifications = Readonly<Record<string, (session: Session, args: readonly unknown[]) => unknown>>;

/** Messages of a connection rather than of a session, by the name of the method: `rpc.hello`. They are not numbered. */
export type Controls = Readonly<Record<string, (connection: Connection, args: readonly unknown[]) => void>>;

/** A request of the library itself. */
export interface SystemRequest {
  /** Which calls it waits behind: those of methods, those of references, or none. */
  readonly lane: 'calls' | 'callbacks' | 'free';
  serve(sender: ActiveCall): unknown;
  /** It waits for its turn: what it needs is held meanwhile. */
  queued?(session: Session, call: Call): void;
}

/** Sends values that are more than a codec can carry as they are: value types, references. There is one for each side. */
export interface ValueMapper {
  /**
   * Whether values are more than the codec can carry as they are. Throws a UsageError for what cannot be sent, a ProtocolError for
   * what is too large to be written.
   */
  mustMap(values: unknown): boolean;
  /** Throws a ProtocolError, too large, for data beside arguments and results that would be endless when it is written. */
  mustEnd(data: unknown): void;
  /**
   * Arguments as they travel to every peer alike; undefined if something in them goes by reference, which each peer has its own of.
   * For values that must be mapped. Throws as `mustMap`.
   */
  sameForAll(args: readonly unknown[]): readonly unknown[] | undefined;
  /** The error that the peer receives where values that have arrived cannot be taken. */
  refusal(error: unknown): RpcError;
  /** What one session keeps; called with the first message that needs it. Throws a UsageError where references are not loaded. */
  attach(session: Session): SessionValues;
  /** Values have arrived that are not used: the references in them are released. Never throws. */
  discard(session: Session, values: unknown): void;
}
