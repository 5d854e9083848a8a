import type { ContextKey } from '../../types/call-state.js';

/**
 * Makes a key for the state of a call: `const user = contextKey<User>('user')`, and then `call.state.set(user, ann)` in an interceptor and
 * `sender.state.get(user)` in a handler. With an initial value, which all calls share, `get` never returns undefined.
 */
export function contextKey<T>(name: string): ContextKey<T | undefined>;
export function contextKey<T>(name: string, initial: T): ContextKey<T>;
export function contextKey(name: string, initial?: unknown): ContextKey<unknown> {
  return Object.freeze({ name, initial });
}
