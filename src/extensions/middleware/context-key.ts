import type { ContextKey } from '../../types/call-state.js';

/**
 * A key of one's own: `const user = contextKey<User>('user')`, and then `call.state.set(user, ann)` in an interceptor and
 * `sender.state.get(user)` in a handler. With an initial value, which all calls share, `get` always gives something.
 */
export function contextKey<T>(name: string): ContextKey<T | undefined>;
export function contextKey<T>(name: string, initial: T): ContextKey<T>;
export function contextKey(name: string, initial?: unknown): ContextKey<unknown> {
  return Object.freeze({ name, initial });
}
