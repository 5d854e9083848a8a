/** A call that is sent by itself, through `Link.dispatch`. */
export interface Envelope {
  /** Undefined for a notification. */
  readonly id: number | undefined;
  /** The name of the method on the wire. */
  readonly method: string;
  readonly delivery: Delivery | undefined;
}

/** How an engine that keeps messages is to deliver one: the call option `delivery`. Each transport respects those that its links `keep`. */
export interface Delivery {
  /** A call with a key that the engine knows already is not carried out again: it receives the answer of the first one. */
  readonly key?: string;
  /** After how many ms the call may be carried out; 0 by default. */
  readonly delay?: number;
  /** Calls with a higher number are carried out first; 0 by default. */
  readonly priority?: number;
  /** How often it is tried before it is kept as failed; by default, the number that the transport was opened with. */
  readonly attempts?: number;
}
