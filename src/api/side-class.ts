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
 * outgoing row and a port for each incoming one. A side is an instance of one; there is no Proxy, and no closure for each side.
 */

const HUB: unique symbol = Symbol('hub');
const MADE: unique symbol = Symbol('made');
const SELVES: unique symbol = Symbol('selves');
const TARGET: unique symbol = Symbol('target');
const OPTIONS: unique symbol = Symbol('options');
const METHODS: unique symbol = Symbol('methods');

/** What an instance of a made class holds. */
interface Held {
  readonly [HUB]: RpcEndpoint;
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
  readonly hub: RpcEndpoint;
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
  for (const row of table.methods) {
    const outgoing = (row.direction === 'outgoing') !== inverted;
    if (!outgoing) {
      define(Half.prototype, row.key, {
        get(this: Held) {
          return this[HUB].port(row);
        },
      });
      for (const view of [remote, gathering, detailed]) defineIncoming(view, row, side);
      continue;
    }
    const method = refuseHandlers(calling(row), row, side);
    const look: object = Object.getPrototypeOf(method);
    const bind = (self: object) => Object.setPrototypeOf(calledOn(self as Held, row), look);
    define(Half.prototype, row.key, boundToSide(row.key, method, bind));
    aimed(remote, row, call);
    if (row.request && !row.stream) {
      // Whoever has such a view has the extension that makes it.
      aimed(gathering, row, (hub, ...given) => hub.attached.multicast.gather?.(hub, ...given));
      aimed(detailed, row, callDetailed);
    } else for (const view of [gathering, detailed]) defineWithoutAnswer(view, row);
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

type Way = (hub: RpcEndpoint, ...given: Rest<Parameters<typeof callDetailed>>) => unknown;
type Rest<T extends readonly unknown[]> = T extends [unknown, ...infer R] ? R : never;

function calling(row: MethodDescriptor): Unbound {
  return function below(this: Held, receivers: Receivers, ...args: unknown[]): unknown {
    const hub = this[HUB];
    if (hub.diagnostics !== none) return withSite(below, call, hub, row, this, receivers, args, this[OPTIONS]);
    return call(hub, row, this, receivers, args, this[OPTIONS]);
  } as Unbound;
}

/** The same, for one side. */
function calledOn(self: Held, row: MethodDescriptor): (receivers: Receivers, ...args: unknown[]) => unknown {
  const { [HUB]: hub, [OPTIONS]: options } = self;
  return function below(receivers, ...args) {
    if (hub.diagnostics !== none) return withSite(below as Unbound, call, hub, row, self, receivers, args, options);
    return call(hub, row, self, receivers, args, options);
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
function aimed(prototype: object, row: MethodDescriptor, way: Way): void {
  const key = {};
  define(prototype, row.key, {
    get(this: Aimed) {
      const target = this[TARGET];
      target.methods ??= new BoundMethods(target);
      return target.methods.find(key) ?? target.methods.keep(key, calledBy(target, row, way));
    },
  });
}

function calledBy(target: Target, row: MethodDescriptor, way: Way): (...args: unknown[]) => unknown {
  return function below(...args) {
    const { hub, selves, receivers, options } = target;
    const self = selves[row.index] as object;
    if (hub.diagnostics !== none) return withSite(below, way, hub, row, self, receivers, args, options);
    return way(hub, row, self, receivers, args, options);
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

/** One instance of a made class, with its namespaces, wired to a hub. `selves` collects the instances, by mount. */
export function wire(made: Made, hub: RpcEndpoint, selves: object[] = []): object {
  const self = new made.Half();
  selves[made.table.index] = self;
  hub.add(made.table, self);
  for (const [key, child] of made.children) {
    Object.defineProperty(self, key, { value: wire(child, hub, selves), enumerable: true });
  }
  Object.defineProperties(self, {
    [HUB]: { value: hub },
    [MADE]: { value: made },
    [SELVES]: { value: selves },
    [OPTIONS]: { value: undefined },
    [METHODS]: { value: new BoundMethods(self) },
  });
  return self;
}

/** The hub behind a side or a namespace of it. */
export function endpointOf(self: object): RpcEndpoint {
  return (self as Held)[HUB];
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
  const { [HUB]: hub, [MADE]: made, [SELVES]: selves, [OPTIONS]: below } = self as Held;
  return aim(made[kind], { hub, selves, receivers, options: mergeCallOptions(options, below), methods: undefined });
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
