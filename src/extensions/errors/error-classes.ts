import type { ErrorClass, ErrorEntry } from '../../types/errors.js';

/** A class that is known by a name. */
export interface Known {
  /** Its name on the wire. */
  readonly name: string;
  readonly errorClass: ErrorClass;
  readonly pack?: ErrorEntry['pack'];
  /** Constructs the error on arrival; undefined if its constructor is not called. */
  readonly make?: (args: readonly unknown[]) => Error;
  readonly fields?: ErrorEntry['fields'];
}

/** The built-in error classes, by name. `Error` itself is not among them: it says only that something failed. */
const builtIns: ReadonlyMap<string, Known> = new Map(
  [AggregateError, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((errorClass) => [
    errorClass.name,
    { name: errorClass.name, errorClass },
  ]),
);

/** The error classes that one side knows, and their names on the wire. */
export class KnownErrors {
  private readonly names = new Map<string, Known>();
  private readonly prototypes = new Map<object, Known>();

  /** The registered class with this prototype, if there is one. */
  registered(prototype: object): Known | undefined {
    return this.prototypes.get(prototype);
  }

  /** Registers a class under its name. Returns false if the name is taken. */
  add(known: Known): boolean {
    const { name, errorClass } = known;
    if (this.names.has(name)) return false;
    this.names.set(name, known);
    // A table may have several names for one class: its errors are sent under the first of them.
    if (!this.prototypes.has(errorClass.prototype)) this.prototypes.set(errorClass.prototype, known);
    return true;
  }

  /** The class for errors that arrive under this name. */
  named(name: string): Known | undefined {
    return this.names.get(name) ?? builtIns.get(name);
  }

  /** Whether a class is built in, and its name is not registered for another class. */
  isBuiltIn(known: Known): boolean {
    return builtIns.get(known.name) === known;
  }

  /** The registered class of an error, or the nearest registered one that its class extends. */
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
}

/** Whether a value is a class whose instances are errors. */
export function isErrorClass(value: unknown): value is ErrorClass & { readonly name: string } {
  if (typeof value !== 'function') return false;
  const { prototype } = value as { prototype?: unknown };
  return prototype instanceof Error || isOfErrors(prototype);
}

/** Whether a prototype extends the `Error.prototype` of another realm. */
function isOfErrors(prototype: unknown): boolean {
  for (let at = prototype; typeof at === 'object' && at !== null; at = Object.getPrototypeOf(at)) {
    const { constructor: made } = at as { readonly constructor?: { readonly name?: unknown } };
    if (at !== prototype && Object.hasOwn(at, 'message') && Object.hasOwn(at, 'toString') && made?.name === 'Error')
      return true;
  }
  return false;
}
