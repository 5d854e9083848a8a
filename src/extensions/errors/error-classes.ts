import { UsageError } from '../../contract/errors.js';
import type { ErrorClass, ErrorClasses, ErrorEntry } from '../../types/errors.js';

/** A class that is known by a name. */
export interface Known {
  /** What it is called on the wire. */
  readonly name: string;
  readonly errorClass: ErrorClass;
  readonly pack?: ErrorEntry['pack'];
  /** There if an error is constructed on arrival. */
  readonly make?: (args: readonly unknown[]) => Error;
  readonly fields?: ErrorEntry['fields'];
}

/** JavaScript's own, by their names. A plain `Error` says no more than that something failed: it is none of them. */
const builtIns: ReadonlyMap<string, Known> = new Map(
  [AggregateError, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((errorClass) => [
    errorClass.name,
    { name: errorClass.name, errorClass },
  ]),
);

/** Which classes of errors one side knows: under which name one leaves, and which one a name stands for. */
export class KnownErrors {
  private readonly names = new Map<string, Known>();
  private readonly prototypes = new Map<object, Known>();

  /** Throws a UsageError for what is no class of errors, and for two of the same name. */
  constructor(classes: ErrorClasses) {
    if (Array.isArray(classes)) for (const given of classes as unknown[]) this.add('errorClasses', given);
    else if (Object.prototype.toString.call(classes) !== '[object Object]') {
      throw new UsageError(
        `errorClasses: expected a list or an object, not ${Object.prototype.toString.call(classes)}`,
      );
    } else for (const [name, given] of Object.entries(classes)) this.add('errorClasses', given, name);
  }

  /** Takes up what a method is known to throw. A class that is known already keeps its name. */
  learn(path: string, classes: readonly ErrorClass[]): void {
    for (const given of classes) {
      const known = typeof given === 'function' && this.prototypes.get(given.prototype);
      if (known === undefined || known === false) this.add(`the option "errors" of ${path}`, given);
    }
  }

  /** What arrives under this name becomes one of these. */
  named(name: string): Known | undefined {
    return this.names.get(name) ?? builtIns.get(name);
  }

  /** Whether a class belongs to JavaScript, and nobody has given its name to another one. */
  isBuiltIn(known: Known): boolean {
    return builtIns.get(known.name) === known;
  }

  /** The registered class that an error has, or the nearest one that its class extends. */
  of(error: Error): Known | undefined {
    if (this.prototypes.size === 0) return undefined;
    let prototype = Object.getPrototypeOf(error) as object | null;
    while (prototype !== null && prototype !== Error.prototype) {
      const known = this.prototypes.get(prototype);
      if (known !== undefined) return known;
      prototype = Object.getPrototypeOf(prototype) as object | null;
    }
    return undefined;
  }

  private add(where: string, given: unknown, called?: string): void {
    const known = knownFrom(where, given, called);
    const { name, errorClass } = known;
    if (this.names.has(name)) {
      throw new UsageError(
        `${where}: there are two classes named ${name}; a table gives them different names: errorClasses: { ${name}, 'other.${name}': … }`,
      );
    }
    this.names.set(name, known);
    // A table may have several names for one class: it leaves under the first of them.
    if (!this.prototypes.has(errorClass.prototype)) this.prototypes.set(errorClass.prototype, known);
  }
}

const entryChecks: { readonly [K in keyof Required<ErrorEntry>]: (value: unknown) => boolean } = {
  class: isErrorClass,
  pack: isFunction,
  unpack: isFunction,
  fields: (value) => Array.isArray(value) && value.every((name) => typeof name === 'string'),
};

function knownFrom(where: string, given: unknown, called: string | undefined): Known {
  const entry = isErrorClass(given) ? { class: given } : entryFrom(where, given);
  const errorClass = entry.class;
  const name = called ?? errorClass.name;
  if (typeof name !== 'string' || name === '')
    throw new UsageError(`${where}: a class has no name; give it one in a table: errorClasses: { Name: … }`);
  const statics = errorClass as { readonly pack?: unknown; readonly unpack?: unknown };
  const pack = entry.pack ?? (isFunction(statics.pack) ? statics.pack.bind(errorClass) : undefined);
  const unpack = entry.unpack ?? (isFunction(statics.unpack) ? statics.unpack.bind(errorClass) : undefined);
  const make = unpack ?? (pack && ((...args) => new (errorClass as new (...args: unknown[]) => Error)(...args)));
  return {
    name,
    errorClass,
    ...(pack !== undefined && { pack: pack as NonNullable<ErrorEntry['pack']> }),
    ...(make !== undefined && { make: (args: readonly unknown[]) => make(...args) as Error }),
    ...(entry.fields !== undefined && { fields: entry.fields }),
  };
}

function entryFrom(where: string, given: unknown): ErrorEntry {
  if (typeof given !== 'object' || given === null || !isErrorClass((given as { class?: unknown }).class))
    throw new UsageError(
      `${where}: expected classes that extend Error, or { class, pack, unpack, fields }, not ${textOf(given)}`,
    );
  for (const [key, value] of Object.entries(given)) {
    if (!Object.hasOwn(entryChecks, key))
      throw new UsageError(`${where}: unknown field "${key}"; there are ${Object.keys(entryChecks).join(', ')}`);
    if (value !== undefined && !entryChecks[key as keyof ErrorEntry](value))
      throw new UsageError(`${where}: "${key}" must be ${key === 'fields' ? 'a list of names' : 'a function'}`);
  }
  return given as ErrorEntry;
}

/** Whether this is a class whose instances are errors. */
export function isErrorClass(value: unknown): value is ErrorClass & { readonly name: string } {
  if (typeof value !== 'function') return false;
  const { prototype } = value as { prototype?: unknown };
  return prototype instanceof Error || isOfErrors(prototype);
}

/** Whether a prototype is one of errors of another realm: that of `Error` itself stands above it. */
function isOfErrors(prototype: unknown): boolean {
  for (let at = prototype; typeof at === 'object' && at !== null; at = Object.getPrototypeOf(at)) {
    const { constructor: made } = at as { readonly constructor?: { readonly name?: unknown } };
    if (at !== prototype && Object.hasOwn(at, 'message') && Object.hasOwn(at, 'toString') && made?.name === 'Error')
      return true;
  }
  return false;
}

function isFunction(value: unknown): value is (...args: unknown[]) => unknown {
  return typeof value === 'function';
}
function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null
    ? `an object with ${Object.keys(value).join(', ')}`
    : String(value);
}
