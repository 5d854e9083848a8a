import { BoundMethods, boundProperty, type Unbound } from '../base/bound-methods.js';
import { callDetailed } from '../calls/full-call.js';
import { call } from '../calls/outgoing-method.js';
import { mergeCallOptions } from '../spec/call-options.js';
import type { MethodDescriptor, MethodTable, SpecConstructor } from '../spec/method-table.js';
import { type Direction, defineIncoming, defineWithoutAnswer, refuseHandlers } from '../spec/wrong-direction.js';
import type { CallOptions } from '../types/call-options.js';
import type { Receivers } from '../types/peers.js';
import { none } from './diagnostics.js';
import type { RpcEndpoint } from './endpoint.js';

/*
 * The classes of sides are made from the method table, once for each spec and direction: their prototypes have a method for each
 * outgoing descriptor and a port for each incoming one. There is no Proxy, and no closure for each side.
 */

const ENDPOINT: unique symbol = Symbol('endpoint');
const CLASSES: unique symbol = Symbol('classes');
const INSTANCES: unique symbol = Symbol('instances');
const TARGET: unique symbol = Symbol('target');
const OPTIONS: unique symbol = Symbol('options');
const METHODS: unique symbol = Symbol('methods');

/** The fields of the instance of a side, and of each of its namespaces. */
interface SideInstance {
  readonly [ENDPOINT]: RpcEndpoint;
  readonly [CLASSES]: SideClasses;
  /** The instances of the spec and of its namespaces, by the index of their table. */
  readonly [INSTANCES]: readonly object[];
  /** The options of all calls, on the result of `with`. */
  readonly [OPTIONS]: CallOptions | undefined;
  /** The bound methods that were read; undefined on a prototype. */
  readonly [METHODS]: BoundMethods | undefined;
}

/** The receivers and the options of a view, and the side that it belongs to. */
interface ViewTarget {
  readonly endpoint: RpcEndpoint;
  readonly instances: readonly object[];
  readonly receivers: Receivers;
  readonly options: CallOptions | undefined;
  /** The bound methods of the view and of its namespaces that were read. */
  methods: BoundMethods | undefined;
}
interface View {
  readonly [TARGET]: ViewTarget;
}

/** The class and the prototypes of the sides of one spec in one direction. */
export interface SideClasses {
  readonly table: MethodTable;
  /** The name of the spec, and whether it is inverted. */
  readonly side: Direction;
  /** The class of the sides; it extends the class of the spec. */
  readonly SideClass: SpecConstructor;
  readonly children: ReadonlyMap<string, SideClasses>;
  /** The prototype of the results of `to` and `remote`. */
  readonly remote: object;
  /** The prototype of the result of `gather`. */
  readonly gather: object;
  /** The prototype of `to(…).detailed`. */
  readonly detailed: object;
}

/** Makes the classes of the sides of a spec in one direction. */
export function makeSideClasses(table: MethodTable, inverted: boolean): SideClasses {
  return makeClasses(table, { className: table.spec.name, inverted });
}

/** `side`: the name of the spec, and whether it is inverted. */
function makeClasses(table: MethodTable, side: Direction): SideClasses {
  const { inverted } = side;
  const children = new Map([...table.children].map(([key, child]) => [key, makeClasses(child, side)]));
  const Half = class extends table.spec {};
  Object.defineProperty(Half, 'name', { value: table.spec.name });
  const remote: object = Object.create(views);
  const gathering: object = Object.create(views);
  const detailed: object = Object.create(views);
  for (const descriptor of table.methods) {
    const outgoing = (descriptor.direction === 'outgoing') !== inverted;
    if (!outgoing) {
      define(Half.prototype, descriptor.key, {
        get(this: SideInstance) {
          return this[ENDPOINT].incomingMethod(descriptor);
        },
      });
      for (const view of [remote, gathering, detailed]) defineIncoming(view, descriptor, side);
      continue;
    }
    const method = refuseHandlers(methodOfSides(descriptor), descriptor, side);
    const look: object = Object.getPrototypeOf(method);
    const bind = (self: object) => Object.setPrototypeOf(methodOfSide(self as SideInstance, descriptor), look);
    define(Half.prototype, descriptor.key, boundToSide(descriptor.key, method, bind));
    defineViewMethod(remote, descriptor, call);
    if (descriptor.request && !descriptor.stream) {
      // Such a view is only made where the extension is installed.
      defineViewMethod(gathering, descriptor, (endpoint, ...given) =>
        endpoint.attached.multicast.gather?.(endpoint, ...given),
      );
      defineViewMethod(detailed, descriptor, callDetailed);
    } else for (const view of [gathering, detailed]) defineWithoutAnswer(view, descriptor);
  }
  for (const [key, child] of children) {
    defineNamespace(remote, key, child.remote);
    defineNamespace(gathering, key, child.gather);
    defineNamespace(detailed, key, child.detailed);
  }
  defineNamespace(remote, 'detailed', detailed);
  return { table, side, SideClass: Half, children, remote, gather: gathering, detailed };
}

/** What the prototypes of all views inherit. */
export const views: object = {};

type Call = (endpoint: RpcEndpoint, ...given: Tail<Parameters<typeof callDetailed>>) => unknown;
type Tail<T extends readonly unknown[]> = T extends [unknown, ...infer R] ? R : never;

function methodOfSides(descriptor: MethodDescriptor): Unbound {
  return function below(this: SideInstance, receivers: Receivers, ...args: unknown[]): unknown {
    const endpoint = this[ENDPOINT];
    if (endpoint.diagnostics !== none)
      return callWithSite(below, call, endpoint, descriptor, this, receivers, args, this[OPTIONS]);
    return call(endpoint, descriptor, this, receivers, args, this[OPTIONS]);
  } as Unbound;
}

/** The same method, bound to one side. */
function methodOfSide(
  self: SideInstance,
  descriptor: MethodDescriptor,
): (receivers: Receivers, ...args: unknown[]) => unknown {
  const { [ENDPOINT]: endpoint, [OPTIONS]: options } = self;
  return function below(receivers, ...args) {
    if (endpoint.diagnostics !== none)
      return callWithSite(below as Unbound, call, endpoint, descriptor, self, receivers, args, options);
    return call(endpoint, descriptor, self, receivers, args, options);
  };
}

/** Calls, and adds the line of the call to its errors where the option asks for that. A function of its own: closures in the plain path would cost a context. */
function callWithSite(below: Unbound, way: Call, ...given: Parameters<Call>): unknown {
  const { callSites } = given[0].diagnostics;
  return callSites === undefined ? way(...given) : callSites.withCallSite(below, () => way(...given));
}

/** A method of a side, of its namespaces or of the result of `with`. It can be detached from its object. */
export function boundToSide(
  key: PropertyKey,
  method: Unbound,
  bind?: (self: object) => (...args: never[]) => unknown,
): PropertyDescriptor {
  return boundProperty(key, method, (self) => (self as SideInstance)[METHODS], bind);
}

/** Defines a method of a view, which has receivers and options. The method can be detached from the view. */
function defineViewMethod(prototype: object, descriptor: MethodDescriptor, way: Call): void {
  const key = {};
  define(prototype, descriptor.key, {
    get(this: View) {
      const target = this[TARGET];
      target.methods ??= new BoundMethods(target);
      return target.methods.find(key) ?? target.methods.keep(key, methodOfView(target, descriptor, way));
    },
  });
}

function methodOfView(target: ViewTarget, descriptor: MethodDescriptor, way: Call): (...args: unknown[]) => unknown {
  return function below(...args) {
    const { endpoint, instances, receivers, options } = target;
    const self = instances[descriptor.index] as object;
    if (endpoint.diagnostics !== none)
      return callWithSite(below, way, endpoint, descriptor, self, receivers, args, options);
    return way(endpoint, descriptor, self, receivers, args, options);
  };
}

function define(prototype: object, key: string, property: PropertyDescriptor): void {
  Object.defineProperty(prototype, key, { enumerable: true, configurable: true, ...property });
}

/** Defines a namespace of a view: a view with the same target, made when it is first read. */
function defineNamespace(prototype: object, key: string, child: object): void {
  define(prototype, key, {
    get(this: View) {
      const view = makeView(child, this[TARGET]);
      Object.defineProperty(this, key, { value: view });
      return view;
    },
  });
}

function makeView(prototype: object, target: ViewTarget): object {
  return Object.create(prototype, { [TARGET]: { value: target } }) as object;
}

/** Makes the instance of a side with its namespaces, and adds it to its endpoint. `instances` collects them, by the index of their table. */
export function instantiate(classes: SideClasses, endpoint: RpcEndpoint, instances: object[] = []): object {
  const self = new classes.SideClass();
  instances[classes.table.index] = self;
  endpoint.add(classes.table, self);
  for (const [key, child] of classes.children) {
    Object.defineProperty(self, key, { value: instantiate(child, endpoint, instances), enumerable: true });
  }
  Object.defineProperties(self, {
    [ENDPOINT]: { value: endpoint },
    [CLASSES]: { value: classes },
    [INSTANCES]: { value: instances },
    [OPTIONS]: { value: undefined },
    [METHODS]: { value: new BoundMethods(self) },
  });
  return self;
}

/** The endpoint of a side or of a namespace of it. */
export function endpointOf(self: object): RpcEndpoint {
  return (self as SideInstance)[ENDPOINT];
}

/** The classes of a side or of a namespace of it. */
export function classesOf(self: object): SideClasses {
  return (self as SideInstance)[CLASSES];
}

/** The options of all calls of a side or a namespace: those that `with` was called with. */
export function optionsOf(self: object): CallOptions | undefined {
  return (self as SideInstance)[OPTIONS];
}

/** The outgoing methods of a side or a namespace, for certain receivers: each returns the result, or (`gather`) the replies of all. */
export function viewOf(
  self: object,
  kind: 'remote' | 'gather',
  receivers: Receivers,
  options: CallOptions | undefined,
): object {
  const { [ENDPOINT]: endpoint, [CLASSES]: classes, [INSTANCES]: instances, [OPTIONS]: below } = self as SideInstance;
  return makeView(classes[kind], {
    endpoint,
    instances,
    receivers,
    options: mergeCallOptions(options, below),
    methods: undefined,
  });
}

/** A side or a namespace whose calls have these options. It shares everything else with the original. */
export function withOptions(self: object, options: CallOptions | undefined): object {
  const held = self as SideInstance;
  const view = Object.create(self, {
    [OPTIONS]: { value: mergeCallOptions(options, held[OPTIONS]) },
    // Hides the `remote` of the side itself, which has no options.
    remote: {
      get(this: object) {
        return viewOf(this, 'remote', null, undefined);
      },
    },
  }) as object;
  Object.defineProperty(view, METHODS, { value: new BoundMethods(view) });
  for (const key of held[CLASSES].children.keys()) {
    const child = (self as Readonly<Record<string, object>>)[key] as object;
    define(view, key, {
      get() {
        return withOptions(child, options);
      },
    });
  }
  return view;
}
