declare const kept: unique symbol;

/** Under which something of a certain type is kept in the state of a call. Two keys are never the same, whatever their names. */
export interface ContextKey<T> {
  /** For people. */
  readonly name: string;
  /** What a call has as long as nothing was set. */
  readonly initial: T;
  readonly [kept]?: (value: T) => T;
}

/**
 * A key of one's own: `const user = contextKey<User>('user')`, and then `call.state.set(user, ann)` in an interceptor and
 * `sender.state.get(user)` in a handler. With an initial value, which all calls share, `get` always gives something.
 */
export function contextKey<T>(name: string): ContextKey<T | undefined>;
export function contextKey<T>(name: string, initial: T): ContextKey<T>;
export function contextKey(name: string, initial?: unknown): ContextKey<unknown> {
  return Object.freeze({ name, initial });
}

/** What interceptors leave for each other and for handlers; there is one for each call. */
export class CallState {
  private readonly values = new Map<object, unknown>();

  /** What was set last, or else the initial value of the key. */
  get<T>(key: ContextKey<T>): T {
    return this.values.has(key) ? (this.values.get(key) as T) : key.initial;
  }

  set<T>(key: ContextKey<T>, value: NoInfer<T>): this {
    this.values.set(key, value);
    return this;
  }
}
