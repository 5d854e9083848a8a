import { UsageError } from '../../contract/errors.js';

type Class = abstract new (...args: never[]) => object;

/** An own property of a class that is marked, under a symbol that all copies of the library in a process share. */
const MARK = Symbol.for('obverse.reference');

function mark(target: object): void {
  Object.defineProperty(target, MARK, { value: 1, configurable: true });
}

/**
 * Marks a class whose objects are passed by reference and not by value: the other side gets an object with the same methods,
 * each of which calls this one. Callable are the methods of the class and of those that extend it: no accessors, no fields, no
 * private `#methods`, nothing whose name begins with `_`, and nothing that it inherits from a class without the mark. A method
 * that is a generator, asynchronous or not, answers with a stream. One function for both dialects of decorators, and for
 * `reference(Class)` without. Throws a UsageError for what is no class.
 */
export function reference<C extends Class>(target: C, context?: ClassDecoratorContext<C>): void {
  const fits = typeof target === 'function' && typeof target.prototype === 'object';
  if (!fits || (context !== undefined && context.kind !== 'class')) {
    throw new UsageError('@reference decorates a class: write @reference before "class", and nowhere else');
  }
  mark(target);
  // Another decorator may put its own class in the place of this one.
  context?.addInitializer?.(function (this: C) {
    mark(this);
  });
}

/** Whether a class is marked. Those that extend it are not, by that. */
export function isMarked(value: unknown): boolean {
  return typeof value === 'function' && Object.hasOwn(value, MARK);
}
