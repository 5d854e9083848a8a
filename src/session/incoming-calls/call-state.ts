import type { CallState, ContextKey } from '../../types/call-state.js';

/** The values that interceptors have set for one call. */
export class StoredCallState implements CallState {
  private readonly values = new Map<object, unknown>();

  get<T>(key: ContextKey<T>): T {
    return this.values.has(key) ? (this.values.get(key) as T) : key.initial;
  }

  set<T>(key: ContextKey<T>, value: NoInfer<T>): this {
    this.values.set(key, value);
    return this;
  }
}
