/** A class, also one that only others extend. */
export type Class<T = unknown> = abstract new (...args: never[]) => T;

/** A class of values, and how they travel. */
// biome-ignore lint/suspicious/noExplicitAny: what it is stands in the entry, and is checked there
export interface ValueType<T = any> {
  /** What stands for the class on the wire, the same on both sides. */
  readonly id: string;
  readonly class: Class<T>;
  /** What the value is made of: data, or further values that this side can send. */
  pack(value: T): unknown;
  /** Makes the value of what `pack` has given, as a peer has sent it: it may be anything, and what is thrown refuses it. */
  unpack(data: unknown): T;
}

/** What is no object, or not told by its class: bytes may come from another realm. */
export type Kind = 'bigint' | 'number' | 'bytes' | 'view';

/** How the values of one class, or of one kind, travel: their id, and the payload behind it. */
export interface TypePacking {
  readonly id: string;
  readonly of: Class | Kind;
  // biome-ignore lint/suspicious/noExplicitAny: a value of the class
  readonly pack: (value: any) => readonly unknown[];
  readonly unpack: (payload: readonly unknown[]) => unknown;
  /** Whether it is one of the library's own types, whose values a codec may carry as they are. */
  readonly standard: boolean;
}

/** What the option `types` may hold: classes that are marked by `@serializable`, types as objects, and lists of these. */
export type TypeEntry = Class | ValueType | TypePacking | readonly TypeEntry[];
