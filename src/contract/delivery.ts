/** A call that is sent by itself, through `Link.dispatch`. */
export interface Envelope {
  /** Undefined for a notification. */
  readonly id: number | undefined;
  /** The name of the method on the wire. */
  readonly method: string;
  readonly delivery: Delivery | undefined;
  /** The member that had the call, and was busy or has ended: another one is to have it now. For `Link.choose`. */
  readonly tried?: object | undefined;
}

/** How an engine that keeps messages is to deliver one: the call option `delivery`. Each transport respects those that its links `keep`. */
export interface Delivery {
  /**
   * A call with a key that the engine knows already is not carried out again: it receives the answer of the first one. A text of 1 to 256
   * characters, without the character 0 and halves of surrogate pairs. Each transport specifies how long a key is known.
   */
  readonly key?: string | undefined;
  /** After how many ms the call may be carried out, up to 366 days; 0 by default. */
  readonly delay?: number | undefined;
  /** Calls with a higher number are carried out first: a whole number from -1,000,000 to 1,000,000; 0 by default. */
  readonly priority?: number | undefined;
  /**
   * How often it is tried before it is kept as failed: a whole number from 1 to 1,000,000; by default, the number that the transport was
   * opened with.
   */
  readonly attempts?: number | undefined;
}
