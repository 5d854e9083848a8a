/// <reference lib="esnext.disposable" preserve="true" />
/**
 * The types of the front door: what each side gets from a spec. Nothing here exists at run time.
 */

import type { Metadata, SecInfo, TransportSource } from '../contract/contract.js';
import type { CallOptions, MethodDescription, PendingCall } from './call-options.js';
import type { Dynamic } from './dynamic.js';
import type { CallsHint, HandlersHint, IncomingHint, OutgoingHint, ProgressHint } from './hints.js';
import type { CallEvents, Interceptor } from './interceptor.js';
import type {
  AnswerOf,
  ArgsOf,
  apiBrand,
  Branded,
  DirectionOf,
  KindOf,
  Peer,
  ProgressOf,
  Receivers,
  ReplyOf,
  ResultOf,
  Sender,
} from './method.js';
import type { Gathering, GatherOptions, Group, GroupOptions, Several } from './peers.js';

export type * from './call-options.js';
export type * from './method.js';
export type * from './peers.js';

declare const inversionOf: unique symbol;

interface Inversion<S> {
  readonly [inversionOf]: S;
}
type Nested = Branded | Inversion<unknown>;

// Members are filtered with `as` over `keyof S`, so that doc comments and go-to-definition lead back to the spec.
type Hidden = typeof apiBrand | typeof inversionOf | Reserved;
/** The direction of what is a method of the spec by all that its type says; never for a helper. */
type Way<M> = [KindOf<M>] extends [never] ? never : DirectionOf<M>;
type Member<S, K extends keyof S> = K extends Hidden
  ? never
  : S[K] extends Nested
    ? K
    : [Way<S[K]>] extends [never]
      ? never
      : K;
type Going<S, K extends keyof S, D> = K extends Hidden
  ? never
  : S[K] extends Nested
    ? K
    : [Way<S[K]>] extends [never]
      ? never
      : Way<S[K]> extends D
        ? K
        : never;
/** A namespace in which nothing comes in needs no handlers. */
type Handled<S, K extends keyof S> =
  Going<S, K, 'incoming'> extends never
    ? never
    : S[K] extends Nested
      ? [keyof Handlers<S[K]>] extends [never]
        ? never
        : K
      : K;

// ---- what is derived from it ----------------------------------------------------------------------------------------

type SenderOf<M> = unknown extends ProgressOf<M> ? Sender : Sender<ProgressOf<M>>;
/** A handler of an incoming method. */
export type Handler<M> = (sender: SenderOf<M>, ...args: ArgsOf<M>) => AnswerOf<M>;
/** Arguments of which none can be left out, since one follows them. */
type Filled<A> = A extends readonly [infer First, ...infer Rest]
  ? [First, ...Filled<Rest>]
  : A extends readonly []
    ? []
    : A extends readonly unknown[]
      ? number extends A['length']
        ? A
        : A extends readonly [(infer First)?, ...infer Rest]
          ? [First | undefined, ...Filled<Rest>]
          : never
      : never;
/** A handler that is given the security's information too; the model has it so, `sender.secinfo` is the same. */
export type SecinfoHandler<M> = (
  sender: SenderOf<M>,
  ...args: [...args: Filled<ArgsOf<M>>, secinfo: SecInfo | undefined]
) => AnswerOf<M>;

/** A handler that runs after the reply. */
export type Afterwards<M> = (sender: SenderOf<M>, ...args: ArgsOf<M>) => unknown;
/** The same with the information of the security. */
export type SecinfoAfterwards<M> = (
  sender: SenderOf<M>,
  ...args: [...args: Filled<ArgsOf<M>>, secinfo: SecInfo | undefined]
) => unknown;

/** An incoming method on a side: what one connects handlers to. */
export interface Incoming<M, _Hint = IncomingHint> {
  /**
   * Adds a handler; several are called in the order of their connecting. Of a request at most one may give something
   * other than undefined. Returns a function that takes the handler away again.
   */
  connect(handler: Handler<M>): () => void;
  /** Takes a handler away; one that is not connected is ignored. */
  disconnect(handler: Handler<M>): void;
  /**
   * Adds a handler that runs once the call has gone well and is answered; of a notification, once its handlers have ended. What
   * it gives means nothing, what it throws is reported. Returns a function that takes it away again.
   */
  after(handler: Afterwards<M>): () => void;
  /** Whether the handlers get `secinfo` as their last argument. Off unless it is called. */
  passSecinfo(on?: true): IncomingWithSecinfo<M>;
  passSecinfo(on: false): Incoming<M>;
}
/** An incoming method whose handlers get `secinfo` as their last argument. */
export interface IncomingWithSecinfo<M> {
  connect(handler: SecinfoHandler<M>): () => void;
  disconnect(handler: SecinfoHandler<M>): void;
  after(handler: SecinfoAfterwards<M>): () => void;
  passSecinfo(on?: true): IncomingWithSecinfo<M>;
  passSecinfo(on: false): Incoming<M>;
}
/** An outgoing method on a side. */
export type Outgoing<M> = ((receivers: Receivers, ...args: ArgsOf<M>) => ResultOf<M>) & NoHandlers<M>;
interface NoHandlers<M> {
  /** Does not exist: it is there for the error that compilers show. */
  connect(this: OutgoingHint, handler: Afterwards<M>): () => void;
}

/** The methods and the namespaces of a spec, as a side has them. */
export type MembersOf<S> = {
  readonly [K in keyof S as Member<S, K>]: S[K] extends Nested
    ? Inner<S[K]>
    : DirectionOf<S[K]> extends 'incoming'
      ? Incoming<S[K]>
      : Outgoing<S[K]>;
};
/** One side of the conversation: incoming methods take handlers, outgoing ones are called. */
export type Side<S> = Endpoint<S> & MembersOf<S>;
type Inner<S> = Namespace<S> & MembersOf<S>;

/** Every incoming method, for `implement`. */
export type Handlers<S, _Hint = HandlersHint> = {
  readonly [K in keyof S as Handled<S, K>]: S[K] extends Nested ? Handlers<S[K]> : Handler<S[K]>;
};
/** Every outgoing method, without its receivers. */
export type Remote<S, _Hint = CallsHint> = {
  readonly [K in keyof S as Going<S, K, 'outgoing'>]: S[K] extends Nested
    ? Remote<S[K]>
    : (...args: ArgsOf<S[K]>) => ResultOf<S[K]>;
};
type Asking<S, K extends keyof S> =
  Going<S, K, 'outgoing'> extends never ? never : S[K] extends Nested ? K : KindOf<S[K]> extends 'request' ? K : never;
/** Every outgoing request, without its receivers; gives what has become of it at each of them. */
export type Gather<S, _Hint = CallsHint> = {
  readonly [K in keyof S as Asking<S, K>]: S[K] extends Nested
    ? Gather<S[K]>
    : (...args: ArgsOf<S[K]>) => Gathering<ReplyOf<S[K]>>;
};

/** An answer with what was said of it. */
export interface Detailed<T> {
  readonly value: T;
  /** What whoever served the call has added; empty if nothing. */
  readonly metadata: Metadata;
}
/** Every outgoing request, without its receivers; gives the answer with what was said of it. */
export type InDetail<S, _Hint = CallsHint> = {
  readonly [K in keyof S as Asking<S, K>]: S[K] extends Nested
    ? InDetail<S[K]>
    : (...args: ArgsOf<S[K]>) => Promise<Detailed<ReplyOf<S[K]>>>;
};
/** Outgoing methods, without their receivers, for an `onProgress` that takes `P`: one that reports something else cannot be called. */
export type RemoteTelling<S, P, _Hint = CallsHint> = {
  readonly [K in keyof S as Going<S, K, 'outgoing'>]: S[K] extends Nested
    ? RemoteTelling<S[K], P>
    : ProgressOf<S[K]> extends P
      ? (...args: ArgsOf<S[K]>) => ResultOf<S[K]>
      : (this: ProgressHint, ...args: ArgsOf<S[K]>) => ResultOf<S[K]>;
};
/** What `to` gives: the outgoing methods, to certain receivers and with certain options. */
export type View<S, P = unknown, _Hint = CallsHint> = (unknown extends P ? Remote<S> : RemoteTelling<S, P>) & {
  /** The requests, whose promises give `{ value, metadata }`. */
  readonly detailed: InDetail<S>;
};

type Flip<M> = M extends (first: infer _F, ...args: infer A) => infer R
  ? DirectionOf<M> extends 'incoming'
    ? (receivers: Receivers, ...args: A) => R
    : (sender: Sender, ...args: A) => R
  : never;
/** The spec of the other side. Twice gives the spec itself. */
export type Inverted<S> = S extends Inversion<infer Original> ? Original : Reverse<S>;
/** What {@link Inverted} gives for a spec that is written down; it has a name so that declarations and hints can show it. */
export type Reverse<S> = {
  readonly [K in keyof S as Member<S, K>]: S[K] extends Nested ? Inverted<S[K]> : Flip<S[K]>;
} & Inversion<S>;

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
  to<P = unknown>(receivers: Receivers, options?: CallOptions<P>): View<S, P>;
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
/** The names that a side has itself, or that would make it a promise. */
export type Reserved =
  | keyof Endpoint<unknown>
  | 'then'
  | 'detailed'
  | 'onMessageError'
  | 'constructor'
  | 'toString'
  | 'toLocaleString'
  | 'valueOf'
  | 'hasOwnProperty'
  | 'isPrototypeOf'
  | 'propertyIsEnumerable';
