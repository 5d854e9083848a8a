/// <reference lib="esnext.disposable" preserve="true" />
/**
 * The types of the front door: what each side gets from a spec. Nothing here exists at run time.
 */
import type { SecInfo, TransportSource } from './contract.js';
import type {
  AnswerOf,
  ArgsOf,
  apiBrand,
  Branded,
  DirectionOf,
  KindOf,
  Peer,
  Receivers,
  ReplyOf,
  ResultOf,
  Sender,
} from './written.js';

export type * from './written.js';

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

/** A handler of an incoming method. */
export type Handler<M> = (sender: Sender, ...args: ArgsOf<M>) => AnswerOf<M>;
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
  sender: Sender,
  ...args: [...args: Filled<ArgsOf<M>>, secinfo: SecInfo | undefined]
) => AnswerOf<M>;

/** An incoming method on a side: what one connects handlers to. */
export interface Incoming<M> {
  /**
   * Adds a handler; several are called in the order of their connecting. Of a request at most one may give something
   * other than undefined. Returns a function that takes the handler away again.
   */
  connect(handler: Handler<M>): () => void;
  /** Takes a handler away; one that is not connected is ignored. */
  disconnect(handler: Handler<M>): void;
  /** Whether the handlers get `secinfo` as their last argument. Off unless it is called. */
  passSecinfo(on?: true): IncomingWithSecinfo<M>;
  passSecinfo(on: false): Incoming<M>;
}
/** An incoming method whose handlers get `secinfo` as their last argument. */
export interface IncomingWithSecinfo<M> {
  connect(handler: SecinfoHandler<M>): () => void;
  disconnect(handler: SecinfoHandler<M>): void;
  passSecinfo(on?: true): IncomingWithSecinfo<M>;
  passSecinfo(on: false): Incoming<M>;
}
/** An outgoing method on a side. */
export type Outgoing<M> = (receivers: Receivers, ...args: ArgsOf<M>) => ResultOf<M>;

type Members<S> = {
  readonly [K in keyof S as Member<S, K>]: S[K] extends Nested
    ? Inner<S[K]>
    : DirectionOf<S[K]> extends 'incoming'
      ? Incoming<S[K]>
      : Outgoing<S[K]>;
};
/** One side of the conversation: incoming methods take handlers, outgoing ones are called. */
export type Side<S> = Endpoint<S> & Members<S>;
type Inner<S> = Namespace<S> & Members<S>;

/** Every incoming method, for `implement`. */
export type Handlers<S> = {
  readonly [K in keyof S as Handled<S, K>]: S[K] extends Nested ? Handlers<S[K]> : Handler<S[K]>;
};
/** Every outgoing method, without its receivers. */
export type Remote<S> = {
  readonly [K in keyof S as Going<S, K, 'outgoing'>]: S[K] extends Nested
    ? Remote<S[K]>
    : (...args: ArgsOf<S[K]>) => ResultOf<S[K]>;
};
/** What one of several peers answered. */
export type Gathered<T> =
  | { readonly peer: Peer; readonly status: 'fulfilled'; readonly value: T }
  | { readonly peer: Peer; readonly status: 'rejected'; readonly reason: Error };
type Asking<S, K extends keyof S> =
  Going<S, K, 'outgoing'> extends never ? never : S[K] extends Nested ? K : KindOf<S[K]> extends 'request' ? K : never;
/** Every outgoing request, without its receivers; gives what each of them answered, in no certain order of time. */
export type Gather<S> = {
  readonly [K in keyof S as Asking<S, K>]: S[K] extends Nested
    ? Gather<S[K]>
    : (...args: ArgsOf<S[K]>) => Promise<Gathered<ReplyOf<S[K]>>[]>;
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

/** Options of the calls of one view. */
export interface CallOptions {
  /** How long to wait for the answer, in milliseconds; `Infinity` is for ever. */
  readonly timeout?: number;
}

/** One method of a side, as data. */
export interface MethodDescription {
  /** The property path in the spec, with dots. */
  readonly path: string;
  /** The name on the wire. */
  readonly method: string;
  readonly direction: 'incoming' | 'outgoing';
  readonly kind: 'notification' | 'request' | 'stream';
  /** The names of the arguments, where the mark names them. */
  readonly params?: readonly string[];
  readonly allowPositionalArgs?: true;
  /** In milliseconds, where the mark says it. */
  readonly timeout?: number;
  readonly summary?: string;
  readonly deprecated?: true;
  /** What the mark says under `meta`. */
  readonly meta?: unknown;
}

/** What every side has, and every namespace of it. A spec may not use these names. */
export interface Namespace<S> {
  /** Connects one handler to each incoming method. Throws a UsageError for a name that is no incoming method. */
  implement(handlers: Handlers<S>): this;
  /** The outgoing methods, to these receivers and with these options. */
  to(receivers: Receivers, options?: CallOptions): Remote<S>;
  /** The outgoing methods, to every connected peer: on a client, to the server. */
  readonly remote: Remote<S>;
  /** The outgoing requests, answered by all receivers: what each one said, and never a rejection for one that failed. */
  gather(receivers: Receivers, options?: CallOptions): Gather<S>;
  /** The paths of the incoming methods that have no handler, for a check at start-up. */
  unhandledCalls(): string[];
}

/** What a side has besides. */
export interface Endpoint<S> extends Namespace<S>, AsyncDisposable {
  /** The connected peers, by id. */
  readonly peers: ReadonlyMap<string, Peer>;
  /** What a peer connects to; known once `open` has resolved. */
  readonly address: string;
  /** Tells of peers that come and go. Returns a function that takes the listener away again. */
  on(event: 'connect' | 'disconnect', listener: (peer: Peer) => void): () => void;
  /** The table of this side as data: each method with its direction as seen from here. */
  describe(): MethodDescription[];
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
  | 'messageError'
  | 'constructor'
  | 'toString'
  | 'toLocaleString'
  | 'valueOf'
  | 'hasOwnProperty'
  | 'isPrototypeOf'
  | 'propertyIsEnumerable';
