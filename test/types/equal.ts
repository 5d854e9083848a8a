/** Whether two types are the same, not only assignable to each other. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Whether each is assignable to the other. */
export type Alike<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
/** A compile error unless it is true. */
export type Expect<T extends true> = T;
