import { isPrivate } from './members.js';
import { isMarked } from './reference-mark.js';

/** The methods of an object that is passed by reference. */
export interface ExposedMethods {
  readonly members: readonly string[];
  /** Those of them whose reply is a stream. */
  readonly streams: readonly string[];
}

const read = new WeakMap<object, ExposedMethods>();

/** The callable methods of an object of a class with `@reference`; undefined for any other value. */
export function exposedMethodsOf(value: object): ExposedMethods | undefined {
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === null || prototype === Object.prototype) return undefined;
  const known = read.get(prototype);
  if (known !== undefined) return known;
  const levels = exposed(prototype);
  if (levels.length === 0) return undefined;
  const methods = collect(levels);
  read.set(prototype, methods);
  return methods;
}

/** The prototypes from this one up to the last one whose class has `@reference`; none if there is no such class. */
function exposed(prototype: object): object[] {
  const levels: object[] = [];
  let count = 0;
  for (let at: object | null = prototype; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    levels.push(at);
    const { value: made } = (Object.getOwnPropertyDescriptor(at, 'constructor') ?? {}) as { value?: unknown };
    if (isMarked(made)) count = levels.length;
  }
  return levels.slice(0, count);
}

function collect(levels: readonly object[]): ExposedMethods {
  const methods = new Map<string, unknown>();
  for (const level of levels) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      // A property of a subclass hides those of its superclasses, even if it is not a method.
      if (!methods.has(name)) methods.set(name, value);
    }
  }
  const members = [...methods].filter(([name, value]) => typeof value === 'function' && isOpen(name));
  return {
    members: members.map(([name]) => name),
    streams: members.filter(([, value]) => isGenerator(value as object)).map(([name]) => name),
  };
}

/** A name with a dot would be read as a member of a namespace; an object with a `then` is taken for a promise. */
function isOpen(name: string): boolean {
  return name !== 'constructor' && name !== 'then' && !isPrivate(name) && !name.includes('.');
}

function isGenerator(method: object): boolean {
  return /^\[object (Async)?GeneratorFunction\]$/.test(Object.prototype.toString.call(method));
}
