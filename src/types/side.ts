/// <reference lib="esnext.disposable" preserve="true" />
/**
 * The types of the front door: what each side has, a class of sides, and sides of which nothing is declared. They refer to each
 * other, and so stand in one file. Nothing here exists at run time.
 */

import type { TransportSource } from '../contract/contract.js';
import type { CallOptions, GatherOptions, MethodDescription, PendingCall } from './call-options.js';
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
import type { SideStats } from './stats.js';

/** The methods and the namespaces of a spec, as a side has them. */
export type MembersOf<S> = {
  readonly [K in keyof S as MemberKey<S, K>]: S[K] extends NestedAPI
    ? Inner<S[K]>
    : DirectionOf<S[K]> extends 'incoming'
      ? Incoming<S[K]>
      : Outgoing<S[K]>;
};
/** One side of the conversation: incoming methods take handlers, outgoing ones are called. */
export type Side<S> = Endpoint<S> & MembersOf<S>;
type Inner<S> = Namespace<S> & MembersOf<S>;

// ---- what every side has --------------------------------------------------------------------------------------------

/** The events of a side: peers that connect and disconnect, and {@link CallEvents}. */
interface SideEvents extends CallEvents {
  connect: (peer: Peer) => void;
  disconnect: (peer: Peer) => void;
}

/** What every side has, and every namespace of it. A spec may not use these names. */
export interface Namespace<S> extends Dynamic<S> {
  /** Connects one handler to each incoming method. Throws a UsageError for a name that is no incoming method. */
  implement(handlers: Handlers<S>): this;
  /** The outgoing methods, to these receivers and with these options. */
  to<P = unknown>(receivers: Receivers, options?: CallOptions<P>): View<S, P, CallsHint>;
  /** The same with these options for all its calls; it shares everything else. */
  with(options: CallOptions): this;
  /** The outgoing methods, to every connected peer: on a client, to the server. */
  readonly remote: Remote<S>;
  /** The outgoing requests, answered by all receivers: what each one said, and never a rejection for one that failed. */
  gather(receivers: Receivers, options?: GatherOptions): Gather<S>;
  /**
   * Puts interceptors around every call of this side, or of this namespace, within those that stand there. Returns a function
   * that takes them away again.
   */
  use(...interceptors: readonly Interceptor[]): () => void;
  /** Tells of the calls of this side, or of this namespace. Returns a function that takes the listener away again. */
  // As `keyof CallEvents`, compilers would not print the names of the events.
  on<E extends { [N in keyof CallEvents]: N }[keyof CallEvents]>(event: E, listener: CallEvents[E]): () => void;
  /** Those of our calls that are open, the oldest first. */
  pendingCalls(): PendingCall[];
  /** The paths of the incoming methods that have no handler, for a check at start-up. */
  unhandledCalls(): string[];
}

/** What a side has besides, whoever opens and closes it. */
export interface Connected<S> extends Namespace<S> {
  /** The connected peers, by id. */
  readonly peers: ReadonlyMap<string, Peer>;
  /** The numbers of this side at this moment, in a new object. Works in every state of the side. */
  stats(): SideStats;
  /** What a peer connects to; known once `open` has resolved. */
  readonly address: string;
  /** The connected peers as receivers: for those without some, as in `everyone.except(sender)`. */
  readonly everyone: Several;
  /** The group of a name, whose peers are added and removed. Throws a UsageError for options that do not fit. */
  group(name: string, options?: GroupOptions): Group;
  /** Adds a listener for peers that connect and disconnect, and for calls. Returns a function that removes it. */
  on<E extends { [N in keyof SideEvents]: N }[keyof SideEvents]>(event: E, listener: SideEvents[E]): () => void;
  /** The table of this side as data: each method with its direction as seen from here. */
  describe(): MethodDescription[];
}

/** What a side has that is opened and closed. */
export interface Endpoint<S> extends Connected<S>, AsyncDisposable {
  /** Opens the transport. Resolves with this side when it is ready to send. */
  open(): Promise<this>;
  /** Opens another transport, sends new calls over it, lets the pending ones finish, and closes the old one. */
  changeTransport(transport: TransportSource): Promise<void>;
  /** Ends every link; what is pending is rejected with ConnectionLost. Resolves when nothing is left open. May be called twice. */
  close(): Promise<void>;
}

/** Never for a class, which is mounted as a spec or not at all. */
type NoClass<O> = O extends { readonly prototype: unknown } ? never : unknown;

/** A side that is mounted on another: it has the sessions and the peers of that one, which opens and closes them. */
export type Mounted<S> = Connected<S> & MembersOf<S>;

/** What a side and each namespace of it can do without a spec. Paths are relative to it. */
export interface Dynamic<S> {
  /**
   * Makes a function the one handler of a path, in the place of all that stand there; null leaves none. A path that the spec does
   * not declare becomes callable by it. `room.*` is every method of a namespace, `room.**` those of its namespaces too, `*` all:
   * such a handler gets what has no handler of its own, the most specific one first. Returns a function that takes the handler
   * away again. Throws a UsageError for what is no path of a method, or no function.
   */
  setHandler<const P extends string>(path: P, handler: HandlerAt<S, P> | null, options?: HandlerOptions): () => void;

  /**
   * Serves another spec under a name of this side, over the same sessions, in both directions, and gives its side. Throws a
   * UsageError for a name that is taken.
   */
  mount(name: string, api: UntypedAPI, options?: MountOptions): UntypedMounted;
  mount<M extends Branded>(name: string, api: { readonly prototype: M }, options?: MountOptions): Mounted<M>;
  mount<M>(name: string, api: APIClass<M>, options?: MountOptions): Mounted<M>;
  /**
   * Serves the functions of an object under a name of this side: `calc.add`, and `calc.deep.sub` of the objects within it. They are
   * handlers, and get the sender first; methods of a class that `@reference` marks are called as if the object had been passed,
   * without it. The object is read once. Returns a function that unmounts it. Throws a UsageError for a name that is taken, and
   * for an object without functions.
   */
  mount<O extends object>(name: string, service: O & NoClass<O>, options?: ServiceOptions): () => void;
  /** Takes away what is mounted under a name, with all that stands below it. Gives false if there is nothing. */
  unmount(name: string): boolean;

  /** The path under which something is served: a function, an object, an incoming method, a namespace; undefined if it is not. */
  pathOf(target: object): string | undefined;
  /** What is served under a path: the function that was set, or the object, method or namespace; undefined if nothing is. */
  resolvePath(path: string): object | undefined;

  /**
   * Calls a method by its path, whether the spec declares it or not, and gives a promise of the answer. `T` is what the caller
   * takes that to be: nothing checks it.
   */
  callPath<T = unknown, P = unknown>(path: string, args?: Arguments, options?: PathOptions<P>): Promise<T>;
  /** Sends a notification by its path. */
  notifyPath(path: string, args?: Arguments, options?: PathOptions): void;
  /** Calls a method whose answer is a stream by its path. */
  streamPath<T = unknown, P = unknown>(path: string, args?: Arguments, options?: PathOptions<P>): Items<T>;
}

/** Options of a side whose transport is given already. */
export type OpenOptions = Omit<Options, 'transport'>;

/** The option that selects the other side, by its type. */
export interface Invert<I extends boolean> {
  readonly invert?: I | undefined;
}

/** With this among the options, it is the other side. */
export interface Inverting {
  readonly invert: true;
}

/** The side that {@link Invert} selects: the inverted one for `true` alone. */
export type Chosen<S, I extends boolean> = [I] extends [true] ? Inverted<S> : S;

/** A spec, as a class: sides come from it. */
export interface APIClass<S> {
  /** Makes a side without opening it. */
  create<I extends boolean = false>(options?: Options & Invert<I>): Side<Chosen<S, I>>;
  /** Makes a side and opens it; where the address leaves it open, it listens. */
  serve<I extends boolean = false>(
    transport: TransportSource,
    options?: OpenOptions & Invert<I>,
  ): Promise<Side<Chosen<S, I>>>;
  /** Makes a side and opens it; where the address leaves it open, it dials. */
  connect<I extends boolean = false>(
    transport: TransportSource,
    options?: OpenOptions & Invert<I>,
  ): Promise<Side<Chosen<S, I>>>;
  /** The class of the other side. */
  invert(): APIClass<Inverted<S>>;
  /** The table as data: each method with its direction. */
  describe(): MethodDescription[];
}

/** A spec from data, as the class of the type that was given for it. */
export interface DescribedAPI<S> extends APIClass<S> {
  readonly prototype: S;
}

declare const untyped: unique symbol;

/** Methods and namespaces by names of which nothing is known. */
export interface UntypedMembers {
  // biome-ignore lint/suspicious/noExplicitAny: nobody has said what it is
  readonly [name: string]: any;
}

/** The outgoing methods of an untyped spec. */
export interface UntypedView extends UntypedMembers {
  readonly detailed: UntypedMembers;
}

/** What an untyped side has, whoever opens and closes it. Its methods and namespaces can be used, and nothing checks how. */
export interface UntypedMounted extends Connected<Branded>, UntypedMembers {
  implement(handlers: UntypedHandlers): this;
  // biome-ignore lint/suspicious/noExplicitAny: an UntypedView, which no type that depends on another one takes for a View
  to<P = unknown>(receivers: Receivers, options?: CallOptions<P>): any;
  readonly remote: UntypedView;
  gather(receivers: Receivers, options?: GatherOptions): UntypedMembers;
}

/** Handlers by name, and those of namespaces within. */
export interface UntypedHandlers {
  readonly [name: string]: AnyHandler | UntypedHandlers;
}

/** A side of an untyped spec. */
export interface UntypedSide
  extends UntypedMounted,
    AsyncDisposable,
    Pick<Endpoint<Branded>, 'changeTransport' | 'close'> {
  open(): Promise<this>;
}

/** A spec of which the types know nothing: sides come from it as from a class. */
export interface UntypedAPI {
  create(options?: Options): UntypedSide;
  serve(transport: TransportSource, options?: Omit<Options, 'transport'>): Promise<UntypedSide>;
  connect(transport: TransportSource, options?: Omit<Options, 'transport'>): Promise<UntypedSide>;
  invert(): UntypedAPI;
  describe(): MethodDescription[];
  /** What the types know it by; it does not exist at run time. */
  readonly [untyped]: true;
}

/** The same as a class, which can be a namespace. */
export interface UntypedClass extends UntypedAPI {
  readonly prototype: Branded;
}
