import { UsageError } from '../../contract/errors.js';
import type { Class } from '../../types/values.js';

/** Options of {@link serializable}. */
export interface SerializableOptions {
  /** Identifies the class on the wire. Default: the name of the class, which a minifier may change. */
  readonly id?: string;
}

/** The property of a class with `@serializable` that has its id. All copies of the library in a process share the symbol. */
const ID = Symbol.for('obverse.serializable');

type Decorator = (target: Class, context?: unknown) => void;

/**
 * Declares a class of values, with standard or legacy decorators, with or without options: `@serializable({ id: 'money' })`. Its
 * instances can be sent if the option `types` of both sides contains it.
 *
 * `static pack(value)` returns the data to send, and `static unpack(data)` an instance; without these, the own fields are sent, and put
 * into an object of the class without calling its constructor. Throws a UsageError for anything but a class.
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
    throw new UsageError('@serializable decorates a class: write @serializable or @serializable({ … }) before "class"');
  }
  const unknown = Object.keys(options).find((key) => key !== 'id');
  if (unknown !== undefined) throw new UsageError(`@serializable: unknown option "${unknown}"; there is id`);
  return { ...options };
}

function note(target: unknown, context: unknown, { id }: SerializableOptions): void {
  if (typeof target !== 'function' || (context !== undefined && (context as { kind?: unknown }).kind !== 'class')) {
    throw new UsageError('@serializable decorates a class, and nothing else');
  }
  const keep = (made: Class): void => {
    Object.defineProperty(made, ID, { value: id ?? made.name, configurable: true });
  };
  if (context === undefined) keep(target as unknown as Class);
  else {
    // Another decorator may replace the class.
    (context as ClassDecoratorContext<Class>).addInitializer(function (this: Class) {
      keep(this);
    });
  }
}

/** The id of a class with {@link serializable} itself; undefined for any other class. */
export function markedId(target: Class): string | undefined {
  return Object.hasOwn(target, ID) ? (target as { readonly [ID]?: string })[ID] : undefined;
}
