import type { ErrorClass, ErrorEntry } from '../../types/errors.js';

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

  /** The class of which a prototype is, if it was registered. */
  registered(prototype: object): Known | undefined {
    return this.prototypes.get(prototype);
  }

  /** Registers a class under its name. Returns false if the name is taken. */
  add(known: Known): boolean {
    const { name, errorClass } = known;
    if (this.names.has(name)) return false;
    this.names.set(name, known);
    // A table may have several names for one class: it leaves under the first of them.
    if (!this.prototypes.has(errorClass.prototype)) this.prototypes.set(errorClass.prototype, known);
    return true;
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
