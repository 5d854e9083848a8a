/**
 * A function, or an object of a class that is marked by `reference`, as the other side has it, and as its owner has it: it may
 * answer at once or in a promise, so that whoever awaits the answer can be either. A generator's items are iterated by
 * `for await`. Only methods are there, and none whose name begins with `_`.
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
