import { UsageError } from './errors.js';

/*
 * Two copies of the library may stand in one process: in a monorepo, after a hot reload, with a bundle beside the package. Errors,
 * `@reference`, `@serializable` and the other decorators work across them. What holds on to the inside of its copy does not, and says
 * so: it has a brand, under a symbol that all copies share.
 */

/** One copy of the library. */
interface Copy {
  /** Of the brands: copies of another version have others. */
  readonly version: 1;
  /** Where its code was loaded from. */
  readonly url: string;
}

const COPY = Symbol.for('obverse.copy');

/** A classic script has no address of its own. */
const thisCopy: Copy = Object.freeze({ version: 1, url: import.meta.url ?? 'a script without an address' });

/** The kind of a branded object; another copy has another symbol. */
const KIND = Symbol('kind');

/**
 * Marks an object as one of this copy; what extends it, or has it for a prototype, counts as well. `kind` lets lower layers, which
 * do not know its class, recognize it with {@link isOfKind}.
 */
export function brand<T extends object>(object: T, kind?: string): T {
  return Object.defineProperties(object, { [COPY]: { value: thisCopy }, [KIND]: { value: kind } });
}

/** Whether a value is an object that this copy has branded with that kind. */
export function isOfKind(value: unknown, kind: string): boolean {
  return (value as { readonly [KIND]?: string } | null | undefined)?.[KIND] === kind;
}

/** Throws a UsageError that says so, and where each copy lies, if a value belongs to another copy of the library. `what` begins the text. */
export function mustBeOfThisCopy(what: string, value: unknown): void {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return;
  const copy = (value as { readonly [COPY]?: Copy })[COPY];
  if (copy === undefined || copy === thisCopy) return;
  throw new UsageError(
    `${what} belongs to another copy of Obverse: there are two in this process, this one at ${thisCopy.url} and the other at ${String(copy.url)}. Load one of them: have one version in the lock file, and let a bundler resolve the package once (resolve.dedupe)`,
  );
}
