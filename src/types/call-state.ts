declare const kept: unique symbol;

/** A key for a value of a certain type in the state of a call. Two keys are never the same, whatever their names. */
export interface ContextKey<T> {
  /** For debugging. */
  readonly name: string;
  /** The value as long as none was set. */
  readonly initial: T;
  readonly [kept]?: (value: T) => T;
}

/** Values that interceptors pass to each other and to handlers; one object for each call. */
export interface CallState {
  /** The value that was set last, or else the initial value of the key. */
  get<T>(key: ContextKey<T>): T;
  set<T>(key: ContextKey<T>, value: NoInfer<T>): this;
}
