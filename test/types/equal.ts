/** Whether two types are the same, not only assignable to each other. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Whether each may stand in the place of the other. */
export type Alike<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
/** Is an error for the compiler unless it is true. */
export type Expect<T extends true> = T;
