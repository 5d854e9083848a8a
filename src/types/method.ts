/**
 * What is written in a spec, and what the types read from it. Nothing here exists at run time.
 *
 * A decorator cannot change the type of the method that it marks, so the first parameter carries the direction, the return type
 * the kind, and the decorator checks both. Type parameters of a generic method become their constraints, and of overloads the
 * last one counts, as in every mapped type.
 */

import type { Receivers, Sender } from './peers.js';

declare const replyOf: unique symbol;
declare const streamOf: unique symbol;
declare const progressOf: unique symbol;
/** In the package's declarations too: without it no class would be a spec. */
export declare const apiBrand: unique symbol;
/** What the body of a request "returns": its result, and what its progress is told in. Includes void, so that the body may be empty. */
export type Reply<T, P = unknown> = { readonly [replyOf]: T; readonly [progressOf]?: P } | void;
/** What the body of a stream "returns": its items, and what its progress is told in. */
export type Stream<T, P = unknown> = { readonly [streamOf]: T; readonly [progressOf]?: P } | void;

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
/** What the progress of a method is told in; unknown where the spec does not say. */
export type ProgressOf<M> = M extends (...args: never[]) => infer R
  ? Exclude<R, void> extends { readonly [progressOf]?: infer P }
    ? P
    : unknown
  : never;
/** What a stream is of. */
export type ItemOf<M> = M extends (...args: never[]) => infer R
  ? Exclude<R, void> extends { readonly [streamOf]: infer T }
    ? T
    : never
  : never;

/** The items of a stream, as its caller gets them. It is iterated once; to leave it before its end stops whoever produces it. */
export interface Items<T> extends AsyncIterableIterator<T>, AsyncDisposable {
  next(): Promise<IteratorResult<T, undefined>>;
  /** Nobody wants more: what has come is dropped, and whoever produces the items is stopped. */
  return(): Promise<IteratorResult<T, undefined>>;
  throw(error?: unknown): Promise<IteratorResult<T, undefined>>;
  [Symbol.asyncIterator](): Items<T>;
}
/** What the items of a stream can come from. */
export type StreamSource<T> = Iterable<T> | AsyncIterable<T> | ReadableSource<T>;
/** A ReadableStream, as far as it matters here. */
export interface ReadableSource<T> {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: T | undefined }>;
    cancel(reason?: unknown): Promise<void>;
  };
}

/** What the caller of a method gets. */
export type ResultOf<M> =
  KindOf<M> extends 'request' ? Promise<ReplyOf<M>> : KindOf<M> extends 'stream' ? Items<ItemOf<M>> : void;
/** What a handler of a method gives. */
export type AnswerOf<M> =
  KindOf<M> extends 'request'
    ? ReplyOf<M> | Promise<ReplyOf<M>>
    : KindOf<M> extends 'stream'
      ? StreamSource<ItemOf<M>> | Promise<StreamSource<ItemOf<M>>>
      : void;
