import type { SpecConstructor } from './method-table.js';

/** What the classes of other sides are made of. */
const inverses = new WeakMap<object, SpecConstructor>();

/** Notes what the class of the other side is made of. */
export function registerInverse<C extends object>(inverse: C, spec: SpecConstructor): C {
  inverses.set(inverse, spec);
  return inverse;
}

/** The spec of which something is the class of the other side; undefined if it is none. */
export function specOfInverse(given: unknown): SpecConstructor | undefined {
  return typeof given === 'object' && given !== null ? inverses.get(given) : undefined;
}
