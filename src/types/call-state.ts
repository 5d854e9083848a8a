declare const kept: unique symbol;

/** Under which something of a certain type is kept in the state of a call. Two keys are never the same, whatever their names. */
export interface ContextKey<T> {
  /** For people. */
  readonly name: string;
  /** What a call has as long as nothing was set. */
  readonly initial: T;
  readonly [kept]?: (value: T) => T;
}

/** What interceptors leave for each other and for handlers; there is one for each call. */
export interface CallState {
  /** What was set last, or else the initial value of the key. */
  get<T>(key: ContextKey<T>): T;
  set<T>(key: ContextKey<T>, value: NoInfer<T>): this;
}
