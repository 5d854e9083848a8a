import 'reflect-metadata/lite';
import { UsageError } from './errors.js';
import type { ArgsOf, DirectionOf, KindOf, Method } from './types.js';

/** Options of a marked method. */
export interface MethodOptions {
  /** The method is a request: its body says `Reply<T>`. */
  readonly hasReply?: boolean;
  /** The method is a stream: its body says `Stream<T>`. Not available yet: refused when the class is read. */
  readonly stream?: boolean;
  /** The last segment of the name on the wire, in place of the property's name. */
  readonly name?: string;
  /** The names of the arguments after the first parameter: several values are sent by these names. */
  readonly params?: readonly string[];
  /** Sends the arguments by position, unless `params` names them, and accepts them by position. */
  readonly allowPositionalArgs?: boolean;
  /** How long the caller waits for the answer, in milliseconds; `Infinity` is for ever. */
  readonly timeout?: number;
  /** What the method does, in a line, for `describe`. */
  readonly summary?: string;
  readonly deprecated?: boolean;
}

/** What a decorator notes of a method. */
export interface Marked extends MethodOptions {
  readonly direction: 'incoming' | 'outgoing';
}

// ---- the mark must fit the method -----------------------------------------------------------------------------------

/** No argument, or one object: sent by name. Anything else needs `params` or `allowPositionalArgs`. */
type Shape<M> =
  ArgsOf<M> extends infer A
    ? A extends readonly []
      ? 'named'
      : A extends readonly [(infer One)?]
        ? NonNullable<One> extends object
          ? NonNullable<One> extends readonly unknown[]
            ? 'several'
            : 'named'
          : 'several'
        : 'several'
    : never;
type Fits<M, D, K, P> = [DirectionOf<M>] extends [never]
  ? 'the first parameter must be Sender (@incoming) or Receivers (@outgoing)'
  : [KindOf<M>] extends [never]
    ? 'the return type must be void, Reply<T> or Stream<T>'
    : DirectionOf<M> extends D
      ? KindOf<M> extends K
        ? Shape<M> extends P
          ? unknown
          : 'several values, or one that is no object, need params: [names] or allowPositionalArgs: true'
        : `this ${KindOf<M> & string} is marked as a ${K & string}: give hasReply for Reply<T>, stream for Stream<T>, neither for void`
      : D extends 'incoming'
        ? 'the first parameter of an @incoming method is its Sender'
        : 'the first parameter of an @outgoing method is its Receivers';

/** A decorator in both dialects. The check stands on the context and on the key, so that M is inferred from the method alone. */
export interface Mark<D, K, P> {
  <M extends Method>(value: M, context: ClassMethodDecoratorContext<never, M> & Fits<M, D, K, P>): void;
  <M extends Method>(
    target: object,
    key: (string | symbol) & Fits<M, D, K, P>,
    descriptor: TypedPropertyDescriptor<M>,
  ): void;
}
type KindFor<O> = O extends { hasReply: true } ? 'request' : O extends { stream: true } ? 'stream' : 'notification';
type ShapeFor<O> = O extends { params: readonly string[] } | { allowPositionalArgs: true }
  ? 'named' | 'several'
  : 'named';
/** The decorator with options, or bare. */
export interface Marker<D> extends Mark<D, 'notification', 'named'> {
  <const O extends MethodOptions>(options: O): Mark<D, KindFor<O>, ShapeFor<O>>;
}

// ---- noting the mark ------------------------------------------------------------------------------------------------

const MARK = 'obverse:mark';
type AnyMark = (target: object, second: unknown, third?: PropertyDescriptor) => void;

/** What a decorator has noted of this function itself. */
export function markOf(method: Method): Marked | undefined {
  return Reflect.getOwnMetadata(MARK, method) as Marked | undefined;
}

function marker(
  direction: Marked['direction'],
): (first: object, second?: unknown, third?: PropertyDescriptor) => unknown {
  const note =
    (options: MethodOptions): AnyMark =>
    (target, second, third) => {
      const { method, key } = subject(direction, target, second, third);
      if (markOf(method) !== undefined) throw new UsageError(`${key}: a method is marked once, @incoming or @outgoing`);
      Reflect.defineMetadata(MARK, { ...options, direction }, method);
    };
  return (first, second, third) => {
    if (second !== undefined) return note({})(first, second, third);
    if (typeof first === 'object' && first !== null) return note(first as MethodOptions);
    throw new UsageError(`@${direction} takes a method, or options in an object`);
  };
}

/** What is marked: `(value, context)` in the standard dialect, `(target, key, descriptor)` in the legacy one. */
function subject(
  direction: string,
  target: object,
  second: unknown,
  third: PropertyDescriptor | undefined,
): { method: Method; key: string } {
  const context = second as ClassMethodDecoratorContext;
  const standard = typeof second === 'object';
  const key = String(standard ? context.name : second);
  const method = standard ? target : third?.value;
  const fits = standard ? context.kind === 'method' && !context.static && !context.private : typeof target === 'object';
  if (!fits || typeof method !== 'function') {
    throw new UsageError(
      `@${direction} ${key}: only methods of an instance can be marked, not fields, accessors, or what is static or private`,
    );
  }
  return { method: method as Method, key };
}

/** Marks a method that the peer calls: its first parameter is the `Sender`. Bare, or with {@link MethodOptions}. */
export const incoming: Marker<'incoming'> = marker('incoming') as Marker<'incoming'>;
/** Marks a method that calls the peer: its first parameter is the `Receivers`. Bare, or with {@link MethodOptions}. */
export const outgoing: Marker<'outgoing'> = marker('outgoing') as Marker<'outgoing'>;

// biome-ignore lint/suspicious/noExplicitAny: a mark of any direction, kind and shape; it is checked against the method
type MarkFor<M> = Mark<DirectionOf<M>, any, any>;
/**
 * The same marks without decorators, for runtimes that only strip types: `declareMethods(Chat, { join: incoming({ hasReply:
 * true }), said: outgoing })`. Throws a UsageError for a name that is no method of the class.
 */
export function declareMethods<S extends object>(
  api: { readonly prototype: S },
  marks: { readonly [K in keyof S]?: MarkFor<S[K]> },
): void {
  for (const [key, mark] of Object.entries(marks)) {
    const descriptor = Object.getOwnPropertyDescriptor(api.prototype, key);
    if (typeof descriptor?.value !== 'function') {
      throw new UsageError(`${(api as { name?: string }).name ?? 'the class'}.${key} is not a method of its own`);
    }
    (mark as AnyMark)(api.prototype, key, descriptor);
  }
}
