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
 * What a side looks like is made from the table, once for each class and direction: prototypes with a method for each
 * outgoing descriptor and a port for each incoming one. A side is an instance of one; there is no Proxy, and no closure for each side.
 */

const ENDPOINT: unique symbol = Symbol('endpoint');
const MADE: unique symbol = Symbol('made');
const SELVES: unique symbol = Symbol('selves');
const TARGET: unique symbol = Symbol('target');
const OPTIONS: unique symbol = Symbol('options');
const METHODS: unique symbol = Symbol('methods');

/** What an instance of a made class holds. */
interface Held {
  readonly [ENDPOINT]: RpcEndpoint;
  readonly [MADE]: Made;
  /** The instances of the spec and of its namespaces, by mount. */
  readonly [SELVES]: readonly object[];
  /** The options of all calls, on the result of `with`. */
  readonly [OPTIONS]: CallOptions | undefined;
  /** Those that were looked up; undefined on a prototype. */
  readonly [METHODS]: BoundMethods | undefined;
}

/** Whom a view calls, and how. */
interface Target {
  readonly endpoint: RpcEndpoint;
  readonly selves: readonly object[];
  readonly receivers: Receivers;
  readonly options: CallOptions | undefined;
  /** Those of the view and of its namespaces that were looked up. */
  methods: BoundMethods | undefined;
}
interface Aimed {
  readonly [TARGET]: Target;
}

/** The classes made for one spec in one direction. */
export interface Made {
  readonly table: MethodTable;
  /** The class that all of it belongs to, and which of its sides this is. */
  readonly side: Direction;
  /** Extends the spec's class. */
  readonly Half: SpecConstructor;
  readonly children: ReadonlyMap<string, Made>;
  /** The prototype of the results of `to` and `remote`. */
  readonly remote: object;
  /** The prototype of the result of `gather`. */
  readonly gather: object;
  /** The prototype of `to(…).detailed`. */
  readonly detailed: object;
}

/** Makes the classes for one side of a spec. */
export function make(table: MethodTable, inverted: boolean): Made {
  return makeBelow(table, { className: table.spec.name, inverted });
}

/** `side`: the class that all of it belongs to, and which of its sides this is. */
function makeBelow(table: MethodTable, side: Direction): Made {
  const { inverted } = side;
  const children = new Map([...table.children].map(([key, child]) => [key, makeBelow(child, side)]));
  const Half = class extends table.spec {};
  Object.defineProperty(Half, 'name', { value: table.spec.name });
  const remote: object = Object.create(views);
  const gathering: object = Object.create(views);
  const detailed: object = Object.create(views);
  for (const descriptor of table.methods) {
    const outgoing = (descriptor.direction === 'outgoing') !== inverted;
    if (!outgoing) {
      define(Half.prototype, descriptor.key, {
        get(this: Held) {
          return this[ENDPOINT].incomingMethod(descriptor);
        },
      });
      for (const view of [remote, gathering, detailed]) defineIncoming(view, descriptor, side);
      continue;
    }
    const method = refuseHandlers(calling(descriptor), descriptor, side);
    const look: object = Object.getPrototypeOf(method);
    const bind = (self: object) => Object.setPrototypeOf(calledOn(self as Held, descriptor), look);
    define(Half.prototype, descriptor.key, boundToSide(descriptor.key, method, bind));
    aimed(remote, descriptor, call);
    if (descriptor.request && !descriptor.stream) {
      // Whoever has such a view has the extension that makes it.
      aimed(gathering, descriptor, (endpoint, ...given) => endpoint.attached.multicast.gather?.(endpoint, ...given));
      aimed(detailed, descriptor, callDetailed);
    } else for (const view of [gathering, detailed]) defineWithoutAnswer(view, descriptor);
  }
  for (const [key, child] of children) {
    nest(remote, key, child.remote);
    nest(gathering, key, child.gather);
    nest(detailed, key, child.detailed);
  }
  nest(remote, 'detailed', detailed);
  return { table, side, Half, children, remote, gather: gathering, detailed };
}

/** What the prototypes of all views inherit. */
export const views: object = {};

type Way = (endpoint: RpcEndpoint, ...given: Rest<Parameters<typeof callDetailed>>) => unknown;
type Rest<T extends readonly unknown[]> = T extends [unknown, ...infer R] ? R : never;

function calling(descriptor: MethodDescriptor): Unbound {
  return function below(this: Held, receivers: Receivers, ...args: unknown[]): unknown {
    const endpoint = this[ENDPOINT];
    if (endpoint.diagnostics !== none)
      return withSite(below, call, endpoint, descriptor, this, receivers, args, this[OPTIONS]);
    return call(endpoint, descriptor, this, receivers, args, this[OPTIONS]);
  } as Unbound;
}

/** The same, for one side. */
function calledOn(self: Held, descriptor: MethodDescriptor): (receivers: Receivers, ...args: unknown[]) => unknown {
  const { [ENDPOINT]: endpoint, [OPTIONS]: options } = self;
  return function below(receivers, ...args) {
    if (endpoint.diagnostics !== none)
      return withSite(below as Unbound, call, endpoint, descriptor, self, receivers, args, options);
    return call(endpoint, descriptor, self, receivers, args, options);
  };
}

/** Calls, and errors show the line of the call if that is asked for. Apart from the plain way, which closures would cost a context. */
function withSite(below: Unbound, way: Way, ...given: Parameters<Way>): unknown {
  const { callSites } = given[0].diagnostics;
  return callSites === undefined ? way(...given) : callSites.withCallSite(below, () => way(...given));
}

/** A method of a side, its namespaces or the result of `with`, which can be taken out of it. */
export function boundToSide(
  key: PropertyKey,
  method: Unbound,
  bind?: (self: object) => (...args: never[]) => unknown,
): PropertyDescriptor {
  return boundProperty(key, method, (self) => (self as Held)[METHODS], bind);
}

/** A method of a view, which knows its receivers and options. It can be taken out of the view. */
function aimed(prototype: object, descriptor: MethodDescriptor, way: Way): void {
  const key = {};
  define(prototype, descriptor.key, {
    get(this: Aimed) {
      const target = this[TARGET];
      target.methods ??= new BoundMethods(target);
      return target.methods.find(key) ?? target.methods.keep(key, calledBy(target, descriptor, way));
    },
  });
}

function calledBy(target: Target, descriptor: MethodDescriptor, way: Way): (...args: unknown[]) => unknown {
  return function below(...args) {
    const { endpoint, selves, receivers, options } = target;
    const self = selves[descriptor.index] as object;
    if (endpoint.diagnostics !== none)
      return withSite(below, way, endpoint, descriptor, self, receivers, args, options);
    return way(endpoint, descriptor, self, receivers, args, options);
  };
}

function define(prototype: object, key: string, property: PropertyDescriptor): void {
  Object.defineProperty(prototype, key, { enumerable: true, configurable: true, ...property });
}

/** A namespace of a view is a view with the same target, made when it is first asked for. */
function nest(prototype: object, key: string, child: object): void {
  define(prototype, key, {
    get(this: Aimed) {
      const view = aim(child, this[TARGET]);
      Object.defineProperty(this, key, { value: view });
      return view;
    },
  });
}

function aim(prototype: object, target: Target): object {
  return Object.create(prototype, { [TARGET]: { value: target } }) as object;
}

/** One instance of a made class, with its namespaces, wired to a endpoint. `selves` collects the instances, by mount. */
export function wire(made: Made, endpoint: RpcEndpoint, selves: object[] = []): object {
  const self = new made.Half();
  selves[made.table.index] = self;
  endpoint.add(made.table, self);
  for (const [key, child] of made.children) {
    Object.defineProperty(self, key, { value: wire(child, endpoint, selves), enumerable: true });
  }
  Object.defineProperties(self, {
    [ENDPOINT]: { value: endpoint },
    [MADE]: { value: made },
    [SELVES]: { value: selves },
    [OPTIONS]: { value: undefined },
    [METHODS]: { value: new BoundMethods(self) },
  });
  return self;
}

/** The endpoint behind a side or a namespace of it. */
export function endpointOf(self: object): RpcEndpoint {
  return (self as Held)[ENDPOINT];
}

/** The table behind a side or a namespace of it. */
export function madeOf(self: object): Made {
  return (self as Held)[MADE];
}

/** The options that all calls of a side or a namespace have: what `with` was given. */
export function heldOptions(self: object): CallOptions | undefined {
  return (self as Held)[OPTIONS];
}

/** The outgoing methods of a side or a namespace, to certain receivers: each gives a result, or (`gather`) what all have answered. */
export function viewOf(
  self: object,
  kind: 'remote' | 'gather',
  receivers: Receivers,
  options: CallOptions | undefined,
): object {
  const { [ENDPOINT]: endpoint, [MADE]: made, [SELVES]: selves, [OPTIONS]: below } = self as Held;
  return aim(made[kind], {
    endpoint,
    selves,
    receivers,
    options: mergeCallOptions(options, below),
    methods: undefined,
  });
}

/** A side or a namespace whose calls have these options; everything else it shares. */
export function withOptions(self: object, options: CallOptions | undefined): object {
  const held = self as Held;
  const view = Object.create(self, {
    [OPTIONS]: { value: mergeCallOptions(options, held[OPTIONS]) },
    // One that was made for the side itself is not meant here.
    remote: {
      get(this: object) {
        return viewOf(this, 'remote', null, undefined);
      },
    },
  }) as object;
  Object.defineProperty(view, METHODS, { value: new BoundMethods(view) });
  for (const key of held[MADE].children.keys()) {
    const child = (self as Readonly<Record<string, object>>)[key] as object;
    define(view, key, {
      get() {
        return withOptions(child, options);
      },
    });
  }
  return view;
}
