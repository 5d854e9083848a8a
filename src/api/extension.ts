import type { CallExtensions, CallingSide } from '../calls/calling-side.js';
import type { Layer } from '../calls/layer.js';
import type { Check } from '../contract/check-options.js';
import type { Codec, Frame, Limits, Message, Transport, TransportSource } from '../contract/contract.js';
import type { ConnectedPeer } from '../session/connected-peer.js';
import type { Connection, Greeting, Meter } from '../session/connection.js';
import type { ErrorMapper } from '../session/error-mapper.js';
import type { FrameFilter, SealedFrames } from '../session/frame-filter.js';
import type { PendingCalls } from '../session/outgoing-calls/pending-calls.js';
import type { RpcSession } from '../session/rpc-session.js';
import type { MakeSendQueue, SendQueueHost } from '../session/sending/make-send-queue.js';
import type { Controls, Session, SystemNotifications, SystemRequest, ValueMapper } from '../session/session.js';
import type { MethodDescriptor, MethodTable } from '../spec/method-table.js';
import type { CallOptions } from '../types/call-options.js';
import type { SideLogger } from '../types/log-entry.js';
import type { Options } from '../types/options.js';
import type { Peer } from '../types/peers.js';
import type { EventListeners } from './event-listeners.js';
import type { Reports } from './reports.js';

/** What an extension adds to the API of a side. It is there as soon as the extension is installed or registered as lazy. */
export interface ExtensionNames {
  /** What the extension is called. Of two with the same name, the later one takes the place of the first. */
  readonly name: string;
  /** The options of a side that it understands, beside those of the core, and how each is checked. */
  readonly options?: Readonly<Record<string, Check>>;
  /** The options of calls that it understands, and how each is checked. */
  readonly callOptions?: Readonly<Record<string, Check>>;
  /**
   * The options of `@incoming` and `@outgoing` that it understands, and how each is checked. A class is read once, when its first side
   * is made: the extension is installed by then. It finds the values in `method.mark.options`.
   */
  readonly methodOptions?: Readonly<Record<string, Check>>;
  /** Checks which options of one call go together. Throws a UsageError. */
  checkCallOptions?(options: CallOptions): void;
  /** Events of a side, for `side.on(event, listener)`. */
  readonly events?: readonly string[];
}

/**
 * A capability that the core does not know, such as streams or references. Each side has those that are installed while it is made
 * or opened.
 */
export interface Extension extends ExtensionNames {
  /** Notifications of the library itself, by their names on the wire. Two extensions have none of the same name. */
  readonly notifications?: SystemNotifications;
  /**
   * Messages of a connection rather than of its session, by their names on the wire, such as `rpc.hello`: no journal numbers them.
   * `sendControl` sends one. A function gets what a peer has sent, whatever it is; what it throws is reported.
   */
  readonly controls?: Controls;
  /** Requests of the library itself, by their names on the wire. */
  readonly requests?: Readonly<Record<string, SystemRequest>>;
  /** Members of every side and of its namespaces, which are `this` in them. Methods can be taken out of their side. */
  readonly members?: PropertyDescriptorMap;
  /** Called when it is installed. */
  installed?(): void;
  /** Called once for each side: while it is made, where the extension is installed by then, or while it is opened. */
  attach?(host: ExtensionHost): SideExtension;
}

/**
 * What an extension does for one side. Its layer is inside those of the extensions that were installed or registered before it. Each
 * slot has one owner: the last extension in the order of installation that has it.
 */
export interface SideExtension extends Layer, Partial<CallExtensions> {
  /** The methods whose paths begin so were unmounted. The layers are composed again afterwards. */
  unbound?(path: string): void;
  /** What the side opens in place of this source, in `open()` and in `changeTransport()`. Throws a UsageError where that cannot be. */
  source?(source: TransportSource): TransportSource;
  /** The side is about to change to this transport, which is open: `changeTransport()` waits, and if it rejects, nothing changes. */
  changing?(transport: Transport): Promise<void>;
  /** Loads what the options of the side ask for; `open()` waits for it, and rejects with what it rejects with. */
  opening?(codec: Promise<Codec>): Promise<void>;
  /**
   * `close()` was called, for the first time. With `drain`, the side goes on for so many milliseconds at most: a side that listens lets nobody
   * in any more, and its sessions without a connection have ended; it waits for the promise meanwhile. Without, it closes within this turn.
   * What it throws or rejects with is logged.
   */
  closing?(options: { readonly drain?: number }): void | Promise<void>;
  /** Numbers of the side for `side.stats()`, by name: those that the core does not know. */
  stats?(): Readonly<Record<string, number>>;
  /** A method is declared: by the spec, or by what is mounted. Called once for each, before the side can be called. */
  declared?(method: MethodDescriptor): void;
  readonly values?: ValueMapper;
  readonly errors?: ErrorMapper;
  /**
   * Sees each message of each connection before it is served, the library's own ones and those that could not be read included, and may
   * let reading rest, refuse the message, or end the connection: a rate limit. See {@link Meter} for its arguments and its result.
   */
  readonly metered?: Meter;
  /** The side is open: who has opened it learns that in this turn, and what has arrived meanwhile is dispatched in the next one. */
  opened?(): void;
  /** A peer is no longer connected, or no longer belongs to the transport of the side. */
  peerLeft?(peer: ConnectedPeer): void;
  /** May change until `opening` has ended. */
  readonly frames?: FrameFilters | undefined;
  /** What it adds to `rpc.hello`, and whom it lets in. May change until `opening` has ended. */
  readonly gate?: Gate | undefined;
  /**
   * The session of a connection whose link leads to a service, or cannot carry everything; undefined for any other link. Called for each
   * connection.
   */
  readonly sessionOf?: (connection: Connection, host: SendQueueHost) => RpcSession | undefined;
  /** The send queue of a session whose link asks for a proof of the address (`Link.proved`). */
  readonly unprovedQueue?: MakeSendQueue;
}

/**
 * What an extension does with a connection before it has a session. `admit` is called once for each connection: the gates are asked one
 * after the other, in the order of installation, until one claims the connection. Meanwhile the connection can be sent nothing but
 * `controls`, its peer is in no list of peers, and what the peer sends waits, except `controls`, which are called as they arrive.
 * The whole of it may take `limits.connectMs`.
 */
export interface Gate extends Greeting {
  /**
   * How long, in milliseconds, to wait for the first message before the gates are asked; the longest of all gates holds. 0, or without
   * this: not at all. For the side that has connected, the answer to its hello is the first message.
   */
  patience?(connection: Connection): number;
  /**
   * Called first. Where it returns a promise, this side sends hello, and the gates are asked, when that has resolved. What it rejects with
   * ends the link, and is reported.
   */
  prepare?(connection: Connection): Promise<void> | undefined;
  /**
   * Whose session the connection is. `first` is the first message, which may be `rpc.hello`; undefined if none was waited for, or came in
   * time. Undefined asks the next gate; after the last one, the connection gets a new session, which is announced. A session, begun over
   * the connection or elsewhere, gets the connection, unless it has it already; it is announced by the extension. The hello of the peer is
   * answered afterwards, unless `answerHello` has done so, which an extension calls if something else is to follow the answer.
   * What it throws or rejects with refuses the connection: that is reported, and the link ends after what was sent over it.
   */
  admit?(connection: Connection, first: Message | undefined): Session | undefined | Promise<Session | undefined>;
  /** A session is about to be announced: it has its connection, and nothing was sent in it. Not called for one that a gate continues. */
  begins?(session: Session): void;
}

/** The filter between the connections of a side and their links. */
export interface FrameFilters {
  /** Called once for each connection, before anything travels. */
  filterFor(connection: Connection): FrameFilter;
  /** What becomes of a frame that is sent to several peers: filtered once for all of them. Throws what the filter throws. */
  forAll(frame: Frame): SealedFrames | Promise<SealedFrames>;
}

/** What an extension may use of its side. */
export interface ExtensionHost {
  /** As they were given: the extension reads its own. */
  readonly options: Options;
  readonly limits: Limits;
  readonly logger: SideLogger;
  /** There when the side is open. */
  readonly codec: Codec;
  /** Those that are connected, by their ids. */
  readonly peers: ReadonlyMap<string, Peer>;
  /** The conversation with a peer, which can send messages of the extension. Throws a UsageError for a peer of another side. */
  session(peer: Peer): Session;
  /**
   * Begins a session that nobody knows yet, over this connection, or without one: `attach` gives it one later, and what is sent waits until
   * then. `pending`: the open calls of the session that it replaces, which move to it. `id`: what its peer is called, where there is no
   * connection. Throws a UsageError without a connection if the extension has no `gate.admit`.
   */
  begin(connection: Connection | undefined, pending?: PendingCalls, id?: string): Session;
  /** The peer of the session is connected from now on: the event `connect`. Does nothing for a session that has ended, or a second time. */
  announce(session: Session): void;
  /** The connections that have not ended, over all transports of the side. */
  connections(): Iterable<Connection>;
  /** The methods that are declared: by the spec, and by what is mounted. */
  methods(): Iterable<MethodDescriptor>;
  /** Calls the listeners of one of the events of the extension. What one throws or rejects with is reported. */
  emit(event: string, ...args: unknown[]): void;
  /** Composes the layers around all methods again. Call it after a change: an interceptor or a listener added or removed. */
  recompose(): void;
  /** Reports what is wrong with something that a peer has sent, to `onMessageError` of the side. */
  report(peer: Peer, error: unknown): void;
}

/** What the extensions of the library may use of their side in addition. */
export interface SideHost extends ExtensionHost, CallingSide {
  readonly logger: SideLogger;
  /** The sessions of the side that have not ended. */
  sessions(): Iterable<Session>;
  /** Reports to the logger, as many as it can bear. */
  readonly reports: Reports;
  /** What can be called: `tables` are those of the spec, and of what is mounted. */
  readonly dispatcher: { readonly tables: readonly MethodTable[] };
  /** The listeners of the events of the side. */
  readonly listeners: EventListeners;
}

/**
 * An extension that is not loaded until something needs it. In `open()`, the side loads those that its options or its methods ask
 * for; what needs one at once throws a UsageError that names the entry to import.
 */
export interface LazyExtension extends ExtensionNames {
  /** What a page imports to have it from the beginning, such as `obverse/middleware`. */
  readonly entry: string;
  /** Loads it. Where it is absent, only the entry does. */
  load?(): Promise<Extension | readonly Extension[]>;
  readonly when?: {
    /** Options of a side that need it, unless they are undefined or false. */
    readonly options?: readonly string[];
    /** Addresses that need it. */
    readonly addresses?: RegExp;
    /** Whether a method of a side needs it; `direction` is that on the side. */
    method?(method: MethodDescriptor, options: Options, direction: MethodDescriptor['direction']): boolean;
  };
  /** Its members, which throw until it is installed, and of which kind each is. A request rejects instead. */
  readonly members?: Readonly<Record<string, 'method' | 'request' | 'getter'>>;
  /** A smaller extension that takes its place until it is installed. */
  readonly untilLoaded?: Extension;
}
