/**
 * A function, or an object of a class that is decorated with `reference`, as the other side and as its owner have it:
 * it may answer synchronously or with a promise, so that `await` works for both. The items of a generator are iterated
 * with `for await`. It has only methods, and none whose name begins with `_`.
 */
export type Far<T> = T extends (...args: infer A) => infer R
  ? (...args: A) => FarAnswer<R>
  : { readonly [K in keyof T as FarKey<T, K>]: Far<T[K]> };

type FarKey<T, K extends keyof T> = K extends `_${string}` | 'then'
  ? never
  : T[K] extends (...args: never[]) => unknown
    ? K
    : never;

// biome-ignore lint/suspicious/noExplicitAny: whatever is passed into a generator or returned by it
type FarAnswer<R> = [R] extends [AsyncGenerator<infer I, any, any> | Generator<infer I, any, any>]
  ? AsyncIterable<I> | Iterable<I>
  : Awaited<R> | Promise<Awaited<R>>;
