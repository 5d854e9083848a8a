/**
 * What the schemas of a decorator require of its method: types only. Values that the type of the method allows must be
 * accepted by the schema, and the output of the schema must be assignable to the type of the method.
 */
import type { ArgsOf, ItemOf, KindOf, ProgressOf, ReplyOf } from './method.js';

/** The options of a decorator that are schemas; `unknown` if it has none. */
export type WithSchemas<O> = O extends
  | { readonly args: unknown }
  | { readonly returns: unknown }
  | { readonly items: unknown }
  | { readonly progress: unknown }
  ? O
  : unknown;

/** `unknown` if the schemas in these options fit the method; else what is wrong. */
export type SchemasFit<M, O> = unknown extends O ? unknown : [Misfits<M, O>] extends [never] ? unknown : Misfits<M, O>;

/** The same as a word, for comparison. */
export type SchemasSay<M, O> = [Misfits<M, O>] extends [never] ? 'the schemas fit' : Misfits<M, O>;

type Misfits<M, O> =
  | (O extends { readonly args: infer S } ? OfArgs<ArgsOf<M>, S, O> : never)
  | (O extends { readonly returns: infer S }
      ? KindOf<M> extends 'request'
        ? Misfit<ReplyOf<M>, S, 'returns'>
        : 'returns is for requests, with hasReply: true'
      : never)
  | (O extends { readonly items: infer S }
      ? KindOf<M> extends 'stream'
        ? Misfit<ItemOf<M>, S, 'items'>
        : 'items is for streams, with stream: true'
      : never)
  | (O extends { readonly progress: infer S }
      ? KindOf<M> extends 'notification'
        ? 'a notification has no progress'
        : unknown extends ProgressOf<M>
          ? never
          : Misfit<ProgressOf<M>, S, 'progress'>
      : never);

// ---- arguments ------------------------------------------------------------------------------------------------------

type OfArgs<A, S, O> = O extends { readonly params: infer P }
  ? S extends readonly unknown[]
    ? OfList<A, S>
    : Misfit<Named<A, P, never>, S, 'args', Named<A, P, undefined>>
  : O extends { readonly allowPositionalArgs: true }
    ? S extends readonly unknown[]
      ? OfList<A, S>
      : Split<Split<A>[1]> extends never
        ? OfList<A, [S]>
        : 'several values need a list of schemas in args'
    : OfObject<A, S extends readonly [infer One] ? One : S>;

/** If there is no argument, the schema must accept an object without fields. */
type OfObject<A, S> = A extends readonly []
  ? 'args: the method has no argument'
  : S extends readonly unknown[]
    ? 'args is one schema, of the one object'
    : Misfit<NonNullable<Split<A>[0]>, S, 'args'>;

type OfList<A, L, At extends readonly unknown[] = []> = L extends readonly [infer S, ...infer Rest]
  ? [Split<A>] extends [never]
    ? 'args: there are more schemas than values'
    :
        | (S extends undefined ? never : Misfit<Split<A>[0], S, `args[${At['length']}]`>)
        | OfList<Split<A>[1], Rest, [...At, S]>
  : never;

/** The first of several values, and the others. */
type Split<A> = A extends readonly [infer First, ...infer Others]
  ? [First, Others]
  : A extends readonly []
    ? never
    : A extends readonly [(infer First)?, ...infer Others]
      ? [First | undefined, Others]
      : A extends readonly (infer One)[]
        ? [One | undefined, A]
        : never;

/**
 * The values as the fields of one object. An omitted value has no field, but the output of a schema may be `U` for it.
 */
type Named<A, P, U> = P extends readonly [infer N extends string, ...infer Names]
  ? A extends readonly [infer First, ...infer Others]
    ? { [K in N]: First } & Named<Others, Names, U>
    : A extends readonly [(infer First)?, ...infer Others]
      ? { [K in N]?: Exclude<First, undefined> | U } & Named<Others, Names, U>
      : unknown
  : unknown;

// ---- a value and its schema -----------------------------------------------------------------------------------------

/**
 * The input and output types of a schema; `unknown` if the schema does not specify them, and then nothing is checked.
 */
type Types<S> = S extends { readonly '~standard': { readonly types?: infer T } } ? NonNullable<T> : unknown;

/**
 * The option, and what is wrong there: `V` is the input type that the schema must accept, `G` the output type that it
 * may have.
 */
type Misfit<V, S, Option extends string, G = V> =
  Types<S> extends { readonly input: infer I; readonly output: infer O }
    ? [V] extends [I]
      ? [O] extends [G]
        ? never
        : `${Option}: ${Place<O, G>}the output of the schema is not assignable to the type of the method`
      : `${Option}: ${Place<V, I>}the type of the method is not assignable to the input of the schema`
    : never;

/** The fields that make an object incompatible with another type, if it is an object with known fields. */
type Place<A, B> = [A, B] extends [object, object]
  ? Wrong<A, B> extends infer K extends string
    ? [K] extends [never]
      ? ''
      : `at "${K}" `
    : ''
  : '';
type Wrong<A, B> = {
  [K in keyof B & string]-?: K extends keyof A
    ? Pick<A, K> extends Pick<B, K>
      ? never
      : K
    : Record<never, never> extends Pick<B, K>
      ? never
      : K;
}[keyof B & string];
