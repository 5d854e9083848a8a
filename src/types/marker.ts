/**
 * What a decorator requires of its method: types only. A decorator cannot change the type of its method, so it checks
 * that type. If it does not fit, the expected parameter has a sentence as its type, which the compiler shows.
 */

import type { ArgsOf, DirectionOf, KindOf, Method } from './method.js';
import type { MethodOptions } from './method-options.js';
import type { Reserved } from './reserved.js';
import type { SchemasFit, SchemasSay, WithSchemas } from './schema-fit.js';

/** No argument, or one object: sent by name. Anything else needs `params` or `allowPositionalArgs`. */
type Shape<M> =
  ArgsOf<M> extends infer A
    ? A extends readonly []
      ? 'named'
      : A extends readonly [(infer One)?]
        ? ShapeOfOne<One>
        : 'several'
    : never;

/**
 * Two ways to the same result, because in a generic class the compiler leaves one of them undecided, and {@link Is}
 * accepts either. The first distributes over a type parameter, so that its constraint decides. For a mapped type, such
 * as `Omit<T, 'id'>`, that does not help; the second compares it as an object.
 */
type ShapeOfOne<One> = EachShape<One> & MappedShape<One>;
type EachShape<One> = One extends null | undefined
  ? never
  : IsAnyOrUnknown<One> extends true
    ? 'several'
    : One extends object
      ? One extends readonly unknown[]
        ? 'several'
        : 'named'
      : 'several';
/** The intersection of an object and null is never; that of `any` and null is `any`. */
type MappedShape<One> = [One & null] extends [never]
  ? Is<One, NoList | undefined> extends true
    ? 'named'
    : unknown
  : unknown;
/** An object, but not a list: each list has this method. */
type NoList = object & { readonly reduceRight?: never };

/** Without `strict`, `unknown` also extends an object whose fields are all optional: those have keys. */
type IsAnyOrUnknown<T> = 0 extends 1 & T ? true : unknown extends T ? (keyof T extends never ? true : false) : false;

/**
 * Whether T is assignable to U. `T extends U` is never decided while T depends on a type parameter of a class. An
 * inferred type is compared by the constraint of that parameter; if it is not assignable, this type is not decided
 * either.
 */
type Is<T, U> = { readonly is: T } extends { readonly is: infer _ extends U } ? true : false;

/** What is wrong with a method of this name, whatever its decorator; never if nothing is. */
type Unfit<M, N> = N extends Reserved
  ? `every side has a member "${N & string}"; rename the method, and keep this name on the wire with name: '${N & string}'`
  : N extends symbol
    ? 'a symbol has no name on the wire'
    : [DirectionOf<M>] extends [never]
      ? 'the first parameter must be Sender (@incoming) or Receivers (@outgoing)'
      : [KindOf<M>] extends [never]
        ? 'the return type must be void, Reply<T> or Stream<T>'
        : never;

/**
 * `unknown` if a decorator of this direction, kind and shape, with these schemas, fits the method of this name; else
 * the advice.
 */
export type Fits<M, D, K, P, N, S = unknown> = [Unfit<M, N>] extends [never]
  ? DirectionOf<M> extends D
    ? KindOf<M> extends K
      ? Is<Shape<M>, P> extends true
        ? SchemasFit<M, S>
        : 'several values, or one that is not an object, need params: [names] or allowPositionalArgs: true'
      : `this ${KindOf<M> & string} is declared as a ${K & string}: set hasReply: true for Reply<T>, stream: true for Stream<T>, neither for void`
    : D extends 'incoming'
      ? 'the first parameter of an @incoming method is its Sender'
      : 'the first parameter of an @outgoing method is its Receivers'
  : Unfit<M, N>;

/** The context of a standard decorator: the part that all compilers provide and that is needed here. */
interface Place<N> {
  readonly kind: 'method';
  readonly name: N;
  readonly static: false;
  readonly private: false;
}

declare const advice: unique symbol;
declare const text: unique symbol;
declare const values: unique symbol;
declare const schemas: unique symbol;

/** How a decorator of this direction and kind is written. */
type Text<D, K> = K extends 'request'
  ? `${D & string}({ hasReply: true })`
  : K extends 'stream'
    ? `${D & string}({ stream: true })`
    : D;
/** How a decorator with this shape is written. */
type Values<P> = 'several' extends P ? 'params or allowPositionalArgs' : 'neither params nor allowPositionalArgs';
/** The result of comparing the schemas of a decorator with a method. */
type Saying<S> = unknown extends S ? () => SchemasSay<unknown, unknown> : <M>(method: M) => SchemasSay<M, S>;
/** The options of a decorator as types, for `declareMethods`. It does not exist at run time. */
interface Written<T, V, S> {
  readonly [text]: T;
  readonly [values]: V;
  readonly [schemas]: S;
}

/**
 * A decorator in both dialects. The check is beside the parameter from which M is inferred, so that M is inferred from
 * the method alone, also if it is generic.
 */
export interface Mark<D, K, P, S = unknown> extends Written<Text<D, K>, Values<P>, Saying<S>> {
  <M extends Method, const N>(value: M, context: Place<N> & Fits<M, D, K, P, N, S>): void;
  <M extends Method, const N extends string | symbol>(
    target: object,
    key: N,
    descriptor: TypedPropertyDescriptor<M> & Fits<M, D, K, P, N, S>,
  ): void;
}

/** The options themselves are wrong, which the compiler reports: then the decorator fits every method, so that this is the one error. */
type IsWrong<O> = keyof MethodOptions extends keyof O ? true : false;
type KindFor<O> =
  IsWrong<O> extends true
    ? 'notification' | 'request' | 'stream'
    : O extends { hasReply: true }
      ? 'request'
      : O extends { stream: true }
        ? 'stream'
        : 'notification';
type ShapeFor<O> =
  IsWrong<O> extends true
    ? 'named' | 'several'
    : O extends { params: readonly string[] } | { allowPositionalArgs: true }
      ? 'named' | 'several'
      : 'named';

/** The type of an option that is not accepted: compilers print its name, with the advice. */
interface NotAccepted<Advice> {
  readonly [advice]: Advice;
}
type OnlyRequests = 'only a request can be idempotent: it needs hasReply: true';
/** Names that are no options, and options that are not for methods of this kind. */
type Refused<O> = IsWrong<O> extends true ? unknown : NoSuch<O> & ForRequests<O>;
type NoSuch<O> = {
  readonly [N in Exclude<keyof O, keyof MethodOptions>]: NotAccepted<`decorators have no option "${N & string}"`>;
};
type ForRequests<O> = O extends { readonly hasReply: true }
  ? unknown
  : O extends { readonly idempotent: true }
    ? { readonly idempotent: NotAccepted<OnlyRequests> }
    : O extends { readonly defaults: { readonly idempotent: true } }
      ? { readonly defaults: { readonly idempotent: NotAccepted<OnlyRequests> } }
      : unknown;

/** The decorator with options, or without. */
export interface Marker<D> extends Mark<D, 'notification', 'named'> {
  (): Mark<D, 'notification', 'named'>;
  <const O extends MethodOptions>(options: O & Refused<O>): Mark<D, KindFor<O>, ShapeFor<O>, WithSchemas<O>>;
}

/** Decorators by the names of methods, each of which fits its method. */
export type Declarable<S> = {
  readonly [N in keyof S]?: [Unfit<S[N], N>] extends [never]
    ? Written<
        Text<DirectionOf<S[N]>, KindOf<S[N]>>,
        Values<'several' | Shape<S[N]>> | Values<Shape<S[N]>>,
        (method: S[N]) => SchemasSay<unknown, unknown>
      >
    : Written<Unfit<S[N], N>, unknown, unknown>;
};
