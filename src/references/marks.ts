import 'reflect-metadata/lite';
import { UsageError } from '../errors.js';

const REFERENCE = 'obverse:reference';

/**
 * Marks a class whose objects are passed by reference and not by value: the other side gets an object with the same methods,
 * each of which calls this one. Callable is what stands on the prototypes of the class, by name: methods, but no accessors and
 * no fields, and nothing that begins with `_`. One function for both dialects of decorators, and for `reference(Class)` without.
 */
export function reference<C extends abstract new (...args: never[]) => object>(target: C, _context?: unknown): void {
  if (typeof target !== 'function' || typeof target.prototype !== 'object')
    throw new UsageError('@reference marks a class');
  Reflect.defineMetadata(REFERENCE, true, target);
}

const read = new WeakMap<object, readonly string[]>();

/** The methods that may be called on an object of a class that is marked; undefined for any other value. */
export function methodsOf(value: object): readonly string[] | undefined {
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === null || prototype === Object.prototype) return undefined;
  const known = read.get(prototype);
  if (known !== undefined) return known;
  if (!isMarked(prototype)) return undefined;
  const names = new Set<string>();
  for (let at: object | null = prototype; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const [name, { value: method }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof method === 'function' && name !== 'constructor' && name !== 'then' && !name.startsWith('_'))
        names.add(name);
    }
  }
  const methods = [...names];
  read.set(prototype, methods);
  return methods;
}

function isMarked(prototype: object): boolean {
  const { constructor: marked } = prototype as { constructor?: unknown };
  return typeof marked === 'function' && Reflect.getMetadata(REFERENCE, marked) === true;
}
