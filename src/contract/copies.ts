import { UsageError } from './errors.js';

/*
 * Two copies of the library may exist in one process: in a monorepo, after a hot reload, or with a bundle beside the
 * package. Errors, `@reference`, `@serializable` and the other decorators work across copies. Objects that use
 * internals of their copy do not, and report it: they are branded, under a symbol that all copies share.
 */

/** One copy of the library. */
interface Copy {
  /** The version of the brands: copies of another version have other brands. */
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
 * Brands an object of this copy; objects that extend it, or have it as prototype, are branded too. `kind` lets lower
 * layers, which do not know its class, recognize it with {@link isOfKind}.
 */
export function brand<T extends object>(object: T, kind?: string): T {
  return Object.defineProperties(object, { [COPY]: { value: thisCopy }, [KIND]: { value: kind } });
}

/** Whether a value is an object that this copy has branded with that kind. */
export function isOfKind(value: unknown, kind: string): boolean {
  return (value as { readonly [KIND]?: string } | null | undefined)?.[KIND] === kind;
}

/**
 * Throws a UsageError with the locations of both copies if a value belongs to another copy of the library. `what`
 * begins the text.
 */
export function mustBeOfThisCopy(what: string, value: unknown): void {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return;
  const copy = (value as { readonly [COPY]?: Copy })[COPY];
  if (copy === undefined || copy === thisCopy) return;
  throw new UsageError(
    `${what} belongs to another copy of Obverse: there are two in this process, this one at ${thisCopy.url} and the other at ${String(copy.url)}. Load only one of them: keep one version in the lock file, and let a bundler resolve the package once (resolve.dedupe)`,
  );
}
