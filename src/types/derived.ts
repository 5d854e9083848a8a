/**
 * What is derived from a spec: handlers, views, and the spec of the other side. Nothing here exists at run time.
 */

import type { Metadata, SecurityInfo } from '../contract/contract.js';
import type { Gathering } from './gathering.js';
import type { CallsHint, HandlersHint, IncomingHint, OutgoingHint, ProgressHint } from './hints.js';
import type {
  AnswerOf,
  ArgsOf,
  apiBrand,
  Branded,
  DirectionOf,
  KindOf,
  ProgressOf,
  ReplyOf,
  ResultOf,
} from './method.js';
import type { Receivers, Sender } from './peers.js';
import type { Reserved } from './reserved.js';

declare const inversionOf: unique symbol;

interface Inversion<S> {
  readonly [inversionOf]: S;
}

/** The type of a namespace of a spec. */
export type NestedAPI = Branded | Inversion<unknown>;

// Members are filtered with `as` over `keyof S`, so that doc comments and go-to-definition lead back to the spec.
type HiddenKey = typeof apiBrand | typeof inversionOf | Reserved;

/** The direction of a member that is a method of the spec by its whole type; never for a helper. */
type MethodDirection<M> = [KindOf<M>] extends [never] ? never : DirectionOf<M>;

/** A key of a spec, if it is a method or a namespace. */
export type MemberKey<S, K extends keyof S> = K extends HiddenKey
  ? never
  : S[K] extends NestedAPI
    ? K
    : [MethodDirection<S[K]>] extends [never]
      ? never
      : K;

/** A key of a spec, if it is a namespace, or a method of this direction. */
type DirectedKey<S, K extends keyof S, D> = K extends HiddenKey
  ? never
  : S[K] extends NestedAPI
    ? K
    : [MethodDirection<S[K]>] extends [never]
      ? never
      : MethodDirection<S[K]> extends D
        ? K
        : never;

/** A namespace without incoming methods needs no handlers. */
type HandledKey<S, K extends keyof S> =
  DirectedKey<S, K, 'incoming'> extends never
    ? never
    : S[K] extends NestedAPI
      ? [keyof Handlers<S[K]>] extends [never]
        ? never
        : K
      : K;

// ---- derived types --------------------------------------------------------------------------------------------------

type SenderOf<M> = unknown extends ProgressOf<M> ? Sender : Sender<ProgressOf<M>>;

/** A handler of an incoming method. */
export type Handler<M> = (sender: SenderOf<M>, ...args: ArgsOf<M>) => AnswerOf<M>;

/** Arguments none of which can be left out, because another one follows. */
type WithoutOptional<A> = A extends readonly [infer First, ...infer Rest]
  ? [First, ...WithoutOptional<Rest>]
  : A extends readonly []
    ? []
    : A extends readonly unknown[]
      ? number extends A['length']
        ? A
        : A extends readonly [(infer First)?, ...infer Rest]
          ? [First | undefined, ...WithoutOptional<Rest>]
          : never
      : never;

/** A handler that also receives the information of the security, as in quickrpc; `sender.securityInfo` is the same. */
export type SecurityInfoHandler<M> = (
  sender: SenderOf<M>,
  ...args: [...args: WithoutOptional<ArgsOf<M>>, securityInfo: SecurityInfo | undefined]
) => AnswerOf<M>;

/** A handler that runs after the reply. */
export type Afterwards<M> = (sender: SenderOf<M>, ...args: ArgsOf<M>) => unknown;

/** The same with the information of the security. */
export type SecurityInfoAfterwards<M> = (
  sender: SenderOf<M>,
  ...args: [...args: WithoutOptional<ArgsOf<M>>, securityInfo: SecurityInfo | undefined]
) => unknown;

/** An incoming method of a side: handlers are connected to it. */
export interface Incoming<M, _Hint = IncomingHint> {
  /**
   * Adds a handler; several are called in the order in which they were connected. For a request, at most one may return
   * a value. Returns a function that removes the handler.
   */
  connect(handler: Handler<M>): () => void;
  /** Removes a handler; one that is not connected is ignored. */
  disconnect(handler: Handler<M>): void;
  /**
   * Adds a handler that runs once the call has succeeded and is answered; for a notification, once its handlers have
   * ended. Its result is ignored, and what it throws is reported. Returns a function that removes it.
   */
  after(handler: Afterwards<M>): () => void;
  /** Passes `securityInfo` to the handlers as their last argument. Off by default. */
  passSecurityInfo(on?: true): IncomingWithSecurityInfo<M>;
  passSecurityInfo(on: false): Incoming<M>;
}

/** An incoming method whose handlers get `securityInfo` as their last argument. */
export interface IncomingWithSecurityInfo<M> {
  connect(handler: SecurityInfoHandler<M>): () => void;
  disconnect(handler: SecurityInfoHandler<M>): void;
  after(handler: SecurityInfoAfterwards<M>): () => void;
  passSecurityInfo(on?: true): IncomingWithSecurityInfo<M>;
  passSecurityInfo(on: false): Incoming<M>;
}

/** An outgoing method on a side. */
export type Outgoing<M> = ((receivers: Receivers, ...args: ArgsOf<M>) => ResultOf<M>) & NoHandlers<M>;

interface NoHandlers<M> {
  /** Does not exist at run time: it is declared for the error that compilers show. */
  connect(this: OutgoingHint, handler: Afterwards<M>): () => void;
}

/** Every incoming method, for `implement`. */
export type Handlers<S, _Hint = HandlersHint> = {
  readonly [K in keyof S as HandledKey<S, K>]: S[K] extends NestedAPI ? Handlers<S[K]> : Handler<S[K]>;
};

/** Every outgoing method, without its receivers. */
export type Remote<S, _Hint = CallsHint> = {
  readonly [K in keyof S as DirectedKey<S, K, 'outgoing'>]: S[K] extends NestedAPI
    ? Remote<S[K]>
    : (...args: ArgsOf<S[K]>) => ResultOf<S[K]>;
};

type RequestKey<S, K extends keyof S> =
  DirectedKey<S, K, 'outgoing'> extends never
    ? never
    : S[K] extends NestedAPI
      ? K
      : KindOf<S[K]> extends 'request'
        ? K
        : never;

/** Every outgoing request, without its receivers; returns the outcome of each of them. */
export type Gather<S, _Hint = CallsHint> = {
  readonly [K in keyof S as RequestKey<S, K>]: S[K] extends NestedAPI
    ? Gather<S[K]>
    : (...args: ArgsOf<S[K]>) => Gathering<ReplyOf<S[K]>>;
};

/** An answer with its metadata. */
export interface Detailed<T> {
  readonly value: T;
  /** Metadata from the side that served the call; empty if there are none. */
  readonly metadata: Metadata;
}

/** Every outgoing request, without its receivers; returns the answer with its metadata. */
export type InDetail<S, _Hint = CallsHint> = {
  readonly [K in keyof S as RequestKey<S, K>]: S[K] extends NestedAPI
    ? InDetail<S[K]>
    : (...args: ArgsOf<S[K]>) => Promise<Detailed<ReplyOf<S[K]>>>;
};

/**
 * Outgoing methods, without their receivers, for an `onProgress` that takes `P`: methods with other progress values
 * cannot be called.
 */
export type RemoteWithProgress<S, P, _Hint = CallsHint> = {
  readonly [K in keyof S as DirectedKey<S, K, 'outgoing'>]: S[K] extends NestedAPI
    ? RemoteWithProgress<S[K], P>
    : ProgressOf<S[K]> extends P
      ? (...args: ArgsOf<S[K]>) => ResultOf<S[K]>
      : (this: ProgressHint, ...args: ArgsOf<S[K]>) => ResultOf<S[K]>;
};

/** The result of `to`: the outgoing methods, with their receivers and options set. */
export type View<S, P = unknown, _Hint = CallsHint> = (unknown extends P ? Remote<S> : RemoteWithProgress<S, P>) & {
  /** The requests; their promises resolve with `{ value, metadata }`. */
  readonly detailed: InDetail<S>;
};

type FlippedMethod<M> = M extends (first: infer _F, ...args: infer A) => infer R
  ? DirectionOf<M> extends 'incoming'
    ? (receivers: Receivers, ...args: A) => R
    : (sender: Sender, ...args: A) => R
  : never;

/** The spec of the other side. Inverted twice, it is the spec itself. */
export type Inverted<S> = S extends Inversion<infer Original> ? Original : Reverse<S>;

/** The result of {@link Inverted} for a written spec; it has a name so that declarations and hints can show it. */
export type Reverse<S> = {
  readonly [K in keyof S as MemberKey<S, K>]: S[K] extends NestedAPI ? Inverted<S[K]> : FlippedMethod<S[K]>;
} & Inversion<S>;
