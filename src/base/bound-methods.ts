/*
 * Methods that can be detached from their object: destructured, or passed as a callback. Reading one returns a function
 * that keeps its `this`. A prototype has a getter for each, which makes the function when the method is read for the
 * first time: an object costs nothing for methods that are never read.
 */

/** A method that expects its object as `this`. */
export type Unbound = (this: never, ...args: never[]) => unknown;
type Bound = (...args: never[]) => unknown;

/** The bound methods of one object that have been read. The most recent one is found without a search. */
export class BoundMethods {
  private key: object | undefined;
  private method: Bound | undefined;
  private others: Map<object, Bound> | undefined;

  /** `owner`: the object that they belong to. An object that inherits from it has its own. */
  constructor(readonly owner: object) {}

  /** The bound method with this key, if it has been read before. */
  find(key: object): Bound | undefined {
    return this.key === key ? this.method : this.others?.get(key);
  }

  /** Keeps a method under its key, so that the next read returns the same function. */
  keep<M extends Bound>(key: object, method: M): M {
    if (this.key === undefined) {
      this.key = key;
      this.method = method;
    } else {
      this.others ??= new Map();
      this.others.set(key, method);
    }
    return method;
  }
}

/**
 * A property that returns a method bound to the object on which it is read, the same function each time. `methodsOf`
 * returns the bound methods of an object; undefined for an object that is not complete, such as a prototype, where the
 * method itself is returned. The key is the method itself, so `super.close` and `close` of a subclass are two. `bind`
 * makes the bound method: a closure that knows its object makes calls faster than a function made by
 * `Function.prototype.bind`.
 */
export function boundProperty(
  name: PropertyKey,
  method: Unbound,
  methodsOf: (self: object) => BoundMethods | undefined,
  bind: (self: object) => Bound = (self) => method.bind(self as never),
): PropertyDescriptor {
  return {
    configurable: true,
    enumerable: true,
    get(this: object): unknown {
      const methods = methodsOf(this);
      if (methods === undefined) return method;
      if (methods.owner !== this) return bind(this);
      return methods.find(method) ?? methods.keep(method, bind(this));
    },
    set(this: object, value: unknown): void {
      Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
    },
  };
}

const kept = new WeakMap<object, BoundMethods>();

function keptMethods(self: object): BoundMethods {
  let methods = kept.get(self);
  if (methods === undefined) {
    methods = new BoundMethods(self);
    kept.set(self, methods);
  }
  return methods;
}

/**
 * Makes these methods of a class detachable from its instances. Each read searches a `WeakMap`; with `anew` it makes
 * another function instead, for objects that exist once for each call.
 */
export function makeDetachable<C extends object>(
  prototype: C,
  names: readonly (keyof C & string)[],
  anew?: 'anew',
): void {
  for (const name of names) {
    const method = prototype[name] as Unbound;
    const methodsOf = (self: object): BoundMethods | undefined => (self === prototype ? undefined : keptMethods(self));
    const property = boundProperty(name, method, methodsOf);
    if (anew !== undefined) {
      property.get = function (this: object): unknown {
        return method.bind(this as never);
      };
    }
    Object.defineProperty(prototype, name, { ...property, enumerable: false });
  }
}
