import { UsageError } from '../../contract/errors.js';
import type { Class } from '../../types/values.js';

/** Options of {@link serializable}. */
export interface SerializableOptions {
  /** What stands for the class on the wire; the name of the class where it is left out, which a minifier may change. */
  readonly id?: string;
}

/** An own property of a class that is marked, under a symbol that all copies of the library in a process share: its id. */
const ID = Symbol.for('obverse.serializable');

type Decorator = (target: Class, context?: unknown) => void;

/**
 * Marks a class of values, in either dialect of decorators, bare or with options: `@serializable({ id: 'money' })`. Its
 * instances travel where the option `types` of both sides names it.
 *
 * They are packed by `static pack(value)` and made by `static unpack(data)`; without these, their own fields travel, and are put
 * into an object of the class without calling its constructor. Throws a UsageError for what is no class.
 */
export function serializable(options: SerializableOptions): Decorator;
export function serializable(target: Class, context?: unknown): void;
export function serializable(first: SerializableOptions | Class, context?: unknown): Decorator | undefined {
  if (typeof first === 'function') {
    note(first, context, {});
    return undefined;
  }
  const options = checkOptions(first);
  return (target, place) => note(target, place, options);
}

function checkOptions(options: SerializableOptions): SerializableOptions {
  if (typeof options !== 'object' || options === null) {
    throw new UsageError('@serializable stands before a class, bare or with options in an object');
  }
  const unknown = Object.keys(options).find((key) => key !== 'id');
  if (unknown !== undefined) throw new UsageError(`@serializable: unknown option "${unknown}"; there is id`);
  return { ...options };
}

function note(target: unknown, context: unknown, { id }: SerializableOptions): void {
  if (typeof target !== 'function' || (context !== undefined && (context as { kind?: unknown }).kind !== 'class')) {
    throw new UsageError('@serializable stands before a class, and before nothing else');
  }
  const keep = (made: Class): void => {
    Object.defineProperty(made, ID, { value: id ?? made.name, configurable: true });
  };
  if (context === undefined) keep(target as unknown as Class);
  else {
    // Another decorator may put its own class in the place of this one.
    (context as ClassDecoratorContext<Class>).addInitializer(function (this: Class) {
      keep(this);
    });
  }
}

/** The id that {@link serializable} has noted of a class itself; undefined for one that is not marked. */
export function markedId(target: Class): string | undefined {
  return Object.hasOwn(target, ID) ? (target as { readonly [ID]?: string })[ID] : undefined;
}
