import type { TypeEntry } from '../../types/values.js';
import { TypeForm } from '../values/type-form.js';

/** Returns a function that tests whether instances of a class arrive as instances on a side with these types. */
export function revivedBy(types: readonly TypeEntry[] = []): (type: unknown) => boolean {
  const classes = new Set<unknown>();
  const add = (entry: TypeEntry): void => {
    if (Array.isArray(entry)) for (const one of entry as readonly TypeEntry[]) add(one);
    else if (entry instanceof TypeForm) classes.add(entry.of);
    else classes.add(typeof entry === 'function' ? entry : (entry as { readonly class?: unknown } | null)?.class);
  };
  for (const entry of types) add(entry);
  return (type) => classes.has(type);
}
