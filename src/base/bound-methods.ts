/*
 * Methods that can be taken out of their object: destructured, or handed over as a callback. Each is looked up as a function
 * that keeps its `this`. A prototype has a getter for each, which makes the function when the method is looked up for the first
 * time: an object costs nothing for the methods that nobody looks up.
 */

/** A method that expects its object as `this`. */
export type Unbound = (this: never, ...args: never[]) => unknown;
type Bound = (...args: never[]) => unknown;

/** The methods of one object that have been looked up. The one looked up last is found without a search. */
export class BoundMethods {
  private key: object | undefined;
  private method: Bound | undefined;
  private others: Map<object, Bound> | undefined;

  /** `owner`: the object that they belong to. An object that inherits from it has others. */
  constructor(readonly owner: object) {}

  /** The method with this key, if it has been looked up before. */
  find(key: object): Bound | undefined {
    return this.key === key ? this.method : this.others?.get(key);
  }

  /** Keeps a method under its key, so that the next look-up gives the same function. */
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
 * A property that gives a method bound to the object on which it is looked up, the same function each time. `methodsOf` gives
 * the object's bound methods; undefined for an object that is not complete, such as a prototype, which gets the method as it
 * is. The key is the method itself: so `super.close` and `close` of a subclass are two. `bind` makes the bound method: a closure that
 * knows its object costs a call less than what `Function.prototype.bind` makes.
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
 * Lets these methods of a class be taken out of its instances. Each look-up searches a `WeakMap`; with `anew` it makes another
 * function instead, for objects of which there is one for each call.
 */
export function letTakeOut<C extends object>(prototype: C, names: readonly (keyof C & string)[], anew?: 'anew'): void {
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
