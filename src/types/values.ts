/** A class, including an abstract one. */
export type Class<T = unknown> = abstract new (...args: never[]) => T;

/** A class of values, and how they are sent. */
// biome-ignore lint/suspicious/noExplicitAny: what it is stands in the entry, and is checked there
export interface ValueType<T = any> {
  /** The name of the class on the wire, the same on both sides. */
  readonly id: string;
  readonly class: Class<T>;
  /** Returns what the value consists of: data, or further values that this side can send. */
  pack(value: T): unknown;
  /**
   * Creates the value from what `pack` has returned. A peer may send anything; if this function throws, the value is
   * refused.
   */
  unpack(data: unknown): T;
}

/** Kinds of values that are not objects, or are not recognized by their class: bytes may come from another realm. */
export type Kind = 'bigint' | 'number' | 'bytes' | 'view';

/** How the values of one class, or of one kind, are sent: their id, followed by the payload. */
export interface TypePacking {
  readonly id: string;
  readonly of: Class | Kind;
  // biome-ignore lint/suspicious/noExplicitAny: a value of the class
  readonly pack: (value: any) => readonly unknown[];
  readonly unpack: (payload: readonly unknown[]) => unknown;
  /** Whether it is a type of the library, whose values a codec may encode natively. */
  readonly standard: boolean;
}

/**
 * What the option `types` may contain: classes that are decorated with `@serializable`, types as objects, and lists of
 * these.
 */
export type TypeEntry = Class | ValueType | TypePacking | readonly TypeEntry[];
