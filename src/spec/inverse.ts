import type { SpecConstructor } from './method-table.js';

/** The specs from which inverted classes were made. */
const inverses = new WeakMap<object, SpecConstructor>();

/** Records the spec from which an inverted class was made. */
export function registerInverse<C extends object>(inverse: C, spec: SpecConstructor): C {
  inverses.set(inverse, spec);
  return inverse;
}

/** The spec whose inverted class this is; undefined if it is none. */
export function specOfInverse(given: unknown): SpecConstructor | undefined {
  return typeof given === 'object' && given !== null ? inverses.get(given) : undefined;
}
