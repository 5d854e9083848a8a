/**
 * The stack of an error as text. Never throws: a program may have set `Error.prepareStackTrace`, which runs when a
 * stack is read for the first time, and may return anything.
 */
export function stackOf(of: { readonly stack?: unknown }): string {
  try {
    return String(of.stack ?? '');
  } catch {
    return '';
  }
}
