/**
 * What is written in a spec, and what the types read from it. Nothing here exists at run time.
 *
 * A decorator cannot change the type of the method that it marks, so the first parameter carries the direction, the return type
 * the kind, and the decorator checks both. Type parameters of a generic method become their constraints, and of overloads the
 * last one counts, as in every mapped type.
 */
import type { SecInfo } from './contract.js';

declare const replyOf: unique symbol;
declare const streamOf: unique symbol;
declare const senderBrand: unique symbol;
/** In the package's declarations too: without it no class would be a spec. */
export declare const apiBrand: unique symbol;

/** A peer: one object for as long as its link, and so what one keeps in a `Set`. */
export interface Peer {
  /** What the transport calls the peer: `ip:port`, `process:4711`, `stdio`. Unique among the peers of a side. */
  readonly id: string;
  /** Ends the link to this peer. Without a reason, what was sent before still leaves; with one, it ends at once. */
  close(reason?: Error): Promise<void>;
}

/** Who sent a message: made for each call, and the first argument of its handlers. */
export interface Sender {
  /** The id of the peer. */
  readonly id: string;
  readonly peer: Peer;
  /** What the security of this side has found in the message; undefined without a security, or where it said nothing. */
  readonly secinfo: SecInfo | undefined;
  readonly [senderBrand]?: never;
}

/** One receiver: whoever sent a message, a peer, or the id of one. */
export type Receiver = Sender | Peer | string;
/** Whom a message goes to; null is every connected peer. */
export type Receivers = Receiver | readonly Receiver[] | null;
/** What the body of a request "returns". Includes void, so that the body may be empty. */
export type Reply<T> = { readonly [replyOf]: T } | void;
/** What the body of a stream "returns". */
export type Stream<T> = { readonly [streamOf]: T } | void;

// ---- reading a spec -------------------------------------------------------------------------------------------------

// biome-ignore lint/suspicious/noExplicitAny: parameters are contravariant, so that only `any` matches every method
export type Method = (...args: any[]) => any;
/** What marks a spec, apart from the class, so that the types need not import it. */
export interface Branded {
  readonly [apiBrand]: true;
}

/** Whether a method is `incoming` or `outgoing`, as its first parameter says; never for what is no method of a spec. */
export type DirectionOf<M> = M extends (first: infer F, ...rest: never[]) => unknown
  ? unknown extends F
    ? never
    : [F] extends [Sender]
      ? 'incoming'
      : [F] extends [Receivers]
        ? [Receivers] extends [F]
          ? 'outgoing'
          : never
        : never
  : never;
/** Whether a method is a `notification`, a `request` or a `stream`, as its return type says. */
export type KindOf<M> = M extends (...args: never[]) => infer R
  ? [Exclude<R, void>] extends [never]
    ? 'notification'
    : unknown extends R
      ? never
      : Exclude<R, void> extends { readonly [replyOf]: unknown }
        ? 'request'
        : Exclude<R, void> extends { readonly [streamOf]: unknown }
          ? 'stream'
          : never
  : never;
/** The arguments of a method, without its first parameter. */
// biome-ignore lint/suspicious/noExplicitAny: the first parameter may be of either direction
export type ArgsOf<M> = M extends (first: any, ...args: infer A) => unknown ? A : never;
/** What a request answers. */
export type ReplyOf<M> = M extends (...args: never[]) => infer R
  ? Exclude<R, void> extends { readonly [replyOf]: infer T }
    ? T
    : never
  : never;
type ItemOf<M> = M extends (...args: never[]) => infer R
  ? Exclude<R, void> extends { readonly [streamOf]: infer T }
    ? T
    : never
  : never;

/** What the caller of a method gets. */
export type ResultOf<M> =
  KindOf<M> extends 'request'
    ? Promise<ReplyOf<M>>
    : KindOf<M> extends 'stream'
      ? AsyncIterableIterator<ItemOf<M>>
      : void;
/** What a handler of a method gives. */
export type AnswerOf<M> =
  KindOf<M> extends 'request'
    ? ReplyOf<M> | Promise<ReplyOf<M>>
    : KindOf<M> extends 'stream'
      ? Iterable<ItemOf<M>> | AsyncIterable<ItemOf<M>>
      : void;
