/**
 * The types of a spec, and what is derived from the type of a method. Nothing here exists at run time.
 *
 * A decorator cannot change the type of its method, so the first parameter specifies the direction, the return type
 * specifies the kind, and the decorator checks both. Type parameters of a generic method become their constraints, and
 * of overloads the last one counts, as in every mapped type.
 */

import type { Receivers, Sender } from './peers.js';

declare const replyOf: unique symbol;
declare const streamOf: unique symbol;
declare const progressOf: unique symbol;
/** Also in the declarations of the package: without it no class would be a spec. */
export declare const apiBrand: unique symbol;
/** The return type of a request: its result, and its progress values. Includes void, so that the body may be empty. */
export type Reply<T, P = unknown> = { readonly [replyOf]: T; readonly [progressOf]?: P } | void;
/** The return type of a stream: its items, and its progress values. */
export type Stream<T, P = unknown> = { readonly [streamOf]: T; readonly [progressOf]?: P } | void;

// ---- reading a spec -------------------------------------------------------------------------------------------------

// biome-ignore lint/suspicious/noExplicitAny: parameters are contravariant, so that only `any` matches every method
export type Method = (...args: any[]) => any;
/** The brand of a spec, separate from the class, so that the types need not import it. */
export interface Branded {
  readonly [apiBrand]: true;
}

/** Whether a method is `incoming` or `outgoing`, by its first parameter; never if it is not a method of a spec. */
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
/** Whether a method is a `notification`, a `request` or a `stream`, by its return type. */
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
/** The result of a request. */
export type ReplyOf<M> = M extends (...args: never[]) => infer R
  ? Exclude<R, void> extends { readonly [replyOf]: infer T }
    ? T
    : never
  : never;
/** The type of the progress values of a method; unknown if the spec does not specify it. */
export type ProgressOf<M> = M extends (...args: never[]) => infer R
  ? Exclude<R, void> extends { readonly [progressOf]?: infer P }
    ? P
    : unknown
  : never;
/** The type of the items of a stream. */
export type ItemOf<M> = M extends (...args: never[]) => infer R
  ? Exclude<R, void> extends { readonly [streamOf]: infer T }
    ? T
    : never
  : never;

/** The items of a stream, for its caller. They are iterated once; leaving the loop early stops the producer. */
export interface Items<T> extends AsyncIterableIterator<T>, AsyncDisposable {
  next(): Promise<IteratorResult<T, undefined>>;
  /** Ends the stream: items that have arrived are dropped, and the producer is stopped. */
  return(): Promise<IteratorResult<T, undefined>>;
  throw(error?: unknown): Promise<IteratorResult<T, undefined>>;
  [Symbol.asyncIterator](): Items<T>;
}
/** The possible sources of the items of a stream. */
export type StreamSource<T> = Iterable<T> | AsyncIterable<T> | ReadableSource<T>;
/** The part of ReadableStream that is used here. */
export interface ReadableSource<T> {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: T | undefined }>;
    cancel(reason?: unknown): Promise<void>;
  };
}

/** What the caller of a method receives. */
export type ResultOf<M> =
  KindOf<M> extends 'request' ? Promise<ReplyOf<M>> : KindOf<M> extends 'stream' ? Items<ItemOf<M>> : void;
/** What a handler of a method returns. */
export type AnswerOf<M> =
  KindOf<M> extends 'request'
    ? ReplyOf<M> | Promise<ReplyOf<M>>
    : KindOf<M> extends 'stream'
      ? StreamSource<ItemOf<M>> | Promise<StreamSource<ItemOf<M>>>
      : void;
