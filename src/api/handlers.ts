import { UsageError } from '../contract/errors.js';
import type { MethodDescriptor, MethodTable } from '../spec/method-table.js';
import { type Direction, outgoingHere } from '../spec/wrong-direction.js';
import type { Sender } from '../types/peers.js';
import type { RpcEndpoint } from './endpoint.js';
import type { SideClasses } from './side-class.js';

type AnyHandler = (sender: Sender, ...args: unknown[]) => unknown;

/**
 * Connects what an object holds for the incoming methods of a side or of a namespace: all of it, or nothing and a UsageError.
 * An instance of a class stays the `this` of its methods, and may have more than handlers; of other objects each name counts.
 */
export function implement(endpoint: RpcEndpoint, made: SideClasses, handlers: unknown): void {
  const found = [...handlersIn(made, handlers)];
  for (const [descriptor, handler] of found) endpoint.incomingMethod(descriptor).connect(handler);
}

function* handlersIn(
  { table, side, children }: SideClasses,
  handlers: unknown,
): Generator<[MethodDescriptor, AnyHandler]> {
  const { path } = table;
  if (typeof handlers !== 'object' || handlers === null) {
    throw new UsageError(`the handlers of ${path.slice(0, -1) || 'a side'} must be an object, not ${String(handlers)}`);
  }
  const given = handlers as Readonly<Record<string, unknown>>;
  const descriptors = table.methods.filter(({ direction }) => (direction === 'incoming') !== side.inverted);
  const plain = isPlain(handlers);
  for (const key of plain ? Object.keys(given) : []) {
    const isKnown = children.has(key) || descriptors.some((descriptor) => descriptor.key === key);
    if (!isKnown) throw new UsageError(whyNot(key, table, side));
  }
  for (const descriptor of descriptors) {
    const handler = given[descriptor.key];
    if (handler === undefined) continue;
    if (typeof handler !== 'function') {
      throw new UsageError(`${descriptor.path}: a handler must be a function, not ${String(handler)}`);
    }
    yield [descriptor, (plain ? handler : handler.bind(handlers)) as AnyHandler];
  }
  for (const [key, child] of children) {
    if (given[key] !== undefined) yield* handlersIn(child, given[key]);
  }
}

/** Why a name of a table takes no handler on this side. */
function whyNot(key: string, { path, wire, methods: descriptors, undecorated }: MethodTable, side: Direction): string {
  if (descriptors.some((descriptor) => descriptor.key === key)) return outgoingHere(path + key, side);
  return `${path}${key} ${undecorated.includes(wire + key) ? 'has no @incoming or @outgoing' : 'is not an incoming method of this side'}`;
}

/** An object of a literal, of a module, or of another realm: no class has made it. */
export function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
