/// <reference lib="esnext.disposable" preserve="true" />
/**
 * The types of the main API: the members of a side, a class of sides, and untyped sides. They refer to each other, and
 * are therefore in one file. Nothing here exists at run time.
 */

import type { TransportSource } from '../contract/contract.js';
import type { CallOptions, GatherOptions, MethodDescription, PendingCall } from './call-options.js';
import type { CloseOptions } from './closing.js';
import type { Gather, Handlers, Incoming, Inverted, MemberKey, NestedAPI, Outgoing, Remote, View } from './derived.js';
import type {
  AnyHandler,
  Arguments,
  HandlerAt,
  HandlerOptions,
  MountOptions,
  PathOptions,
  ServiceOptions,
} from './dynamic.js';
import type { CallsHint } from './hints.js';
import type { CallEvents, Interceptor } from './interceptor.js';
import type { Branded, DirectionOf, Items } from './method.js';
import type { Options } from './options.js';
import type { Group, GroupOptions, Peer, Receivers, Several } from './peers.js';
import type { ReconnectEvents } from './reconnect.js';
import type { ResumeEvents } from './resume.js';
import type { QueueStats, SideStats } from './stats.js';
import type { Source } from './transport-options.js';

/** The methods and the namespaces of a spec, on a side. */
export type MembersOf<S> = {
  readonly [K in keyof S as MemberKey<S, K>]: S[K] extends NestedAPI
    ? Inner<S[K]>
    : DirectionOf<S[K]> extends 'incoming'
      ? Incoming<S[K]>
      : Outgoing<S[K]>;
};
/** A side: incoming methods take handlers, outgoing ones are called. */
export type Side<S> = Endpoint<S> & MembersOf<S>;
type Inner<S> = Namespace<S> & MembersOf<S>;

// ---- members of every side ------------------------------------------------------------------------------------------

/** The events of a side: peers that connect and disconnect, {@link ReconnectEvents}, {@link ResumeEvents}, and {@link CallEvents}. */
interface SideEvents extends CallEvents, ReconnectEvents, ResumeEvents {
  connect: (peer: Peer) => void;
  disconnect: (peer: Peer) => void;
}

/** The members of every side, and of every namespace. A spec cannot use these names. */
export interface Namespace<S> extends Dynamic<S> {
  /** Connects a handler to each incoming method. Throws a UsageError for a name that is not an incoming method. */
  implement(handlers: Handlers<S>): this;
  /** The outgoing methods, with these receivers and options. */
  to<P = unknown>(receivers: Receivers, options?: CallOptions<P>): View<S, P, CallsHint>;
  /** The same side with these options for all its calls; it shares everything else. */
  with(options: CallOptions): this;
  /** The outgoing methods, to every connected peer: on a client, to the server. */
  readonly remote: Remote<S>;
  /**
   * The outgoing requests, answered by all receivers; returns the outcome of each, and does not reject if one has
   * failed.
   */
  gather(receivers: Receivers, options?: GatherOptions): Gather<S>;
  /**
   * Adds interceptors around every call of this side, or of this namespace, inside those that were added before.
   * Returns a function that removes them.
   */
  use(...interceptors: readonly Interceptor[]): () => void;
  /** Adds a listener for the calls of this side, or of this namespace. Returns a function that removes it. */
  // As `keyof CallEvents`, compilers would not print the names of the events.
  on<E extends { [N in keyof CallEvents]: N }[keyof CallEvents]>(event: E, listener: CallEvents[E]): () => void;
  /** The pending calls of this side, the oldest first. */
  pendingCalls(): PendingCall[];
  /** The paths of the incoming methods that have no handler, for a check at start-up. */
  unhandledCalls(): string[];
}

/** The members that every side also has, even if it is mounted on another. */
export interface Connected<S> extends Namespace<S> {
  /** The connected peers, by id. */
  readonly peers: ReadonlyMap<string, Peer>;
  /** The numbers of this side at this moment, as a new object. Works in every state of the side. */
  stats(): SideStats;
  /** The address to which peers connect; set once `open` has resolved. */
  readonly address: string;
  /** The connected peers as receivers: to leave some out, as in `everyone.except(sender)`. */
  readonly everyone: Several;
  /**
   * The group with a name, to which peers are added and from which they are removed. Throws a UsageError for invalid
   * options.
   */
  group(name: string, options?: GroupOptions): Group;
  /**
   * Receives the notifications that are sent to a topic, also from this side: `await side.subscribe('news.*')`. They arrive like other
   * notifications, at the handlers of their methods. The transport specifies names and wildcards. Resolves, once it has begun, with a
   * function that ends it. Subscriptions last until the side is closed, and are kept by `changeTransport`. Rejects with a UsageError if the
   * transport has no topics, with ConnectionLost if the side is not open.
   */
  subscribe(topic: string): Promise<() => Promise<void>>;
  /**
   * Resolves when everything that was sent before the end of this turn is stored, or with the broker. Over a plain connection: when the
   * system has taken it, and with the option `resume`, when the peer has received it. Rejects with ConnectionLost if a peer has disconnected
   * before that, with TimeoutError after the `timeout` of the side, and with the error of a transport that could not store some of it.
   */
  flush(): Promise<void>;
  /**
   * Counts the messages of the queue or stream of this side: how many wait, and how many are dead. Rejects with a UsageError if the transport
   * keeps none, with ConnectionLost if the side is not open.
   */
  queueStats(): Promise<QueueStats>;
  /** Adds a listener for peers that connect and disconnect, and for calls. Returns a function that removes it. */
  on<E extends { [N in keyof SideEvents]: N }[keyof SideEvents]>(event: E, listener: SideEvents[E]): () => void;
  /** The methods of this side as data, with their directions on this side. */
  describe(): MethodDescription[];
}

/** The members of a side that can be opened and closed. */
export interface Endpoint<S> extends Connected<S>, AsyncDisposable {
  /** Opens the transport. Resolves with this side when it is ready to send. */
  open(): Promise<this>;
  /** Opens another transport, sends new calls over it, lets the pending ones finish, and closes the old one. */
  changeTransport(transport: TransportSource): Promise<void>;
  /**
   * Dials at once, if the side waits for its next attempt to connect again, or has stopped dialing; does nothing while it is connected.
   * Throws a UsageError on a side that never dials again: it listens, is closed, or has neither the option `reconnect` nor such an address.
   */
  reconnect(): void;
  /**
   * Ends every link; pending calls reject with ConnectionLost. Resolves when nothing is left open. May be called twice. With `drain`, open
   * calls settle first, within so many milliseconds; another `close()` ends that. Rejects with a UsageError for options that do not fit.
   */
  close(options?: CloseOptions): Promise<void>;
}

/** Never for a class, which can only be mounted as a spec. */
type NoClass<O> = O extends { readonly prototype: unknown } ? never : unknown;

/**
 * A side that is mounted on another: it has the sessions and the peers of that side, and is opened and closed with it.
 */
export type Mounted<S> = Connected<S> & MembersOf<S>;

/** The members of a side and of each namespace that need no spec. Paths are relative to it. */
export interface Dynamic<S> {
  /**
   * Sets a function as the only handler of a path, instead of all handlers that it has; null removes them. A path that
   * the spec does not declare can then be called. `room.*` is every method of a namespace, `room.**` also those of its
   * namespaces, `*` all: such a handler receives calls without a handler of their own, the most specific wildcard
   * first. Returns a function that removes the handler. Throws a UsageError if the path is not valid for a method, or
   * the handler is not a function.
   */
  setHandler<const P extends string>(path: P, handler: HandlerAt<S, P> | null, options?: HandlerOptions): () => void;

  /**
   * Serves another spec under a name of this side, over the same sessions, in both directions, and returns its side.
   * Throws a UsageError for a name that is in use.
   */
  mount(name: string, api: UntypedAPI, options?: MountOptions): UntypedMounted;
  mount<M extends Branded>(name: string, api: { readonly prototype: M }, options?: MountOptions): Mounted<M>;
  mount<M>(name: string, api: APIClass<M>, options?: MountOptions): Mounted<M>;
  /**
   * Serves the functions of an object under a name of this side: `calc.add`, and `calc.deep.sub` for nested objects.
   * They are handlers, and receive the sender first; methods of a class that is decorated with `@reference` are called
   * as if the object had been passed by reference, without the sender. The object is read once. Returns a function that
   * unmounts it. Throws a UsageError for a name that is in use, and for an object without functions.
   */
  mount<O extends object>(name: string, service: O & NoClass<O>, options?: ServiceOptions): () => void;
  /** Removes what is mounted under a name, with everything below it. Returns false if there is nothing. */
  unmount(name: string): boolean;

  /** The path under which something is served: a function, an object, an incoming method, a namespace; undefined if it is not. */
  pathOf(target: object): string | undefined;
  /** What is served under a path: the function that was set, or the object, method or namespace; undefined if nothing is. */
  resolvePath(path: string): object | undefined;

  /**
   * Calls a method by its path, whether the spec declares it or not, and returns a promise of the answer. `T` is the
   * type that the caller expects: it is not checked.
   */
  callPath<T = unknown, P = unknown>(path: string, args?: Arguments, options?: PathOptions<P>): Promise<T>;
  /** Sends a notification by its path. */
  notifyPath(path: string, args?: Arguments, options?: PathOptions): void;
  /** Calls a method whose answer is a stream by its path. */
  streamPath<T = unknown, P = unknown>(path: string, args?: Arguments, options?: PathOptions<P>): Items<T>;
}

/** Options of a side without those of its transport. `R`: the type of `side.remote`. */
// biome-ignore lint/suspicious/noExplicitAny: options that are made apart from a side do not know its spec
export type OpenOptions<R = any> = Omit<Options<R>, 'transport'>;

/** The option that selects the other side, by its type. */
export interface Invert<I extends boolean> {
  readonly invert?: I | undefined;
}

/** With this option, it is the other side. */
export interface Inverting {
  readonly invert: true;
}

/** The side that {@link Invert} selects: the inverted one for `true` alone. */
export type Chosen<S, I extends boolean> = [I] extends [true] ? Inverted<S> : S;

/** A spec, as a class, from which sides are created. */
export interface APIClass<S> {
  /** Creates a side without opening it. */
  create<I extends boolean = false>(options?: Options<Remote<Chosen<S, I>>> & Invert<I>): Side<Chosen<S, I>>;
  /** Creates a side and opens it; listens, unless the address specifies otherwise. */
  serve<I extends boolean = false, const U extends string = string>(
    transport: Source<U>,
    options?: OpenOptions & Invert<I>,
  ): Promise<Side<Chosen<S, I>>>;
  /** Creates a side and opens it; connects, unless the address specifies otherwise. */
  connect<I extends boolean = false, const U extends string = string>(
    transport: Source<U>,
    options?: OpenOptions<Remote<Chosen<S, I>>> & Invert<I>,
  ): Promise<Side<Chosen<S, I>>>;
  /** The class of the other side. */
  invert(): APIClass<Inverted<S>>;
  /** The methods as data, with their directions. */
  describe(): MethodDescription[];
}

/** A spec from data, as the class of the type that was specified for it. */
export interface DescribedAPI<S> extends APIClass<S> {
  readonly prototype: S;
}

declare const untyped: unique symbol;

/** Methods and namespaces by name, without types. */
export interface UntypedMembers {
  // biome-ignore lint/suspicious/noExplicitAny: nobody has said what it is
  readonly [name: string]: any;
}

/** The outgoing methods of an untyped spec. */
export interface UntypedView extends UntypedMembers {
  readonly detailed: UntypedMembers;
}

/**
 * The members of an untyped side, including a mounted one. Its methods and namespaces can be used without type checks.
 */
export interface UntypedMounted extends Connected<Branded>, UntypedMembers {
  implement(handlers: UntypedHandlers): this;
  // biome-ignore lint/suspicious/noExplicitAny: an UntypedView, which no type that depends on another one takes for a View
  to<P = unknown>(receivers: Receivers, options?: CallOptions<P>): any;
  readonly remote: UntypedView;
  gather(receivers: Receivers, options?: GatherOptions): UntypedMembers;
}

/** Handlers by name, and those of nested namespaces. */
export interface UntypedHandlers {
  readonly [name: string]: AnyHandler | UntypedHandlers;
}

/** A side of an untyped spec. */
export interface UntypedSide
  extends UntypedMounted,
    AsyncDisposable,
    Pick<Endpoint<Branded>, 'changeTransport' | 'close' | 'reconnect'> {
  open(): Promise<this>;
}

/** A spec without types: sides are created from it as from a class. */
export interface UntypedAPI {
  create(options?: Options): UntypedSide;
  serve(transport: TransportSource, options?: Omit<Options, 'transport'>): Promise<UntypedSide>;
  connect(transport: TransportSource, options?: Omit<Options, 'transport'>): Promise<UntypedSide>;
  invert(): UntypedAPI;
  describe(): MethodDescription[];
  /** The brand of the type; it does not exist at run time. */
  readonly [untyped]: true;
}

/** The same as a class, which can be a namespace. */
export interface UntypedClass extends UntypedAPI {
  readonly prototype: Branded;
}
