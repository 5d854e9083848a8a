import { UsageError } from '../contract/errors.js';
import type { Declarable, Marker } from '../types/marker.js';
import type { Method } from '../types/method.js';
import type { MethodOptions } from '../types/method-options.js';

/** What a decorator records for a method. */
export interface MethodDeclaration {
  readonly direction: 'incoming' | 'outgoing';
  readonly options: MethodOptions;
}

/**
 * The records of decorators: for a function its own, and for a prototype which functions were decorated as which of its
 * members.
 */
type DecoratorRecord = MethodDeclaration | Map<string | symbol, Method>;

/** A decorator may belong to another copy of the library in the process: all copies store the records in one place. */
const RECORDS = Symbol.for('obverse.marks');
/** Where the decorators of the class that is being read are recorded. */
const NOTICED = Symbol.for('obverse.noticed');
const shared = globalThis as {
  [RECORDS]?: WeakMap<object, DecoratorRecord>;
  [NOTICED]?: Map<Method, string | symbol> | undefined;
};
shared[RECORDS] ??= new WeakMap();
const records = shared[RECORDS];

/** What a decorator has recorded for this function itself. */
export function declarationOf(method: Method): MethodDeclaration | undefined {
  return records.get(method) as MethodDeclaration | undefined;
}

/** The function that was decorated as this member of a prototype: in the legacy dialect, and without decorators. */
export function decoratedAs(prototype: object, key: string | symbol): Method | undefined {
  return membersOf(prototype)?.get(key);
}

function membersOf(prototype: object): Map<string | symbol, Method> | undefined {
  return records.get(prototype) as Map<string | symbol, Method> | undefined;
}

/**
 * The classes of all parameters, if a compiler emits them (most do not) and `reflect-metadata` stores them: a page that
 * relies on them imports that package itself.
 */
export function parameterTypesOf(prototype: object, key: string): readonly unknown[] | undefined {
  const { getMetadata } = Reflect as { getMetadata?(key: string, target: object, property: string): unknown };
  return getMetadata?.('design:paramtypes', prototype, key) as readonly unknown[] | undefined;
}

/**
 * Makes an instance, and returns which functions the standard dialect has decorated in its class, with the names they
 * had then.
 */
export function collectDecorated<T>(make: () => T): { made: T; decorated: ReadonlyMap<Method, string | symbol> } {
  const outer = shared[NOTICED];
  const decorated = new Map<Method, string | symbol>();
  shared[NOTICED] = decorated;
  try {
    return { made: make(), decorated };
  } finally {
    shared[NOTICED] = outer;
  }
}

type Decorator = (target: object, place: unknown, descriptor?: PropertyDescriptor) => void;
type Factory = (first?: object, second?: unknown, third?: PropertyDescriptor) => Decorator | undefined;

/** `@incoming` and `@outgoing`: without arguments they are decorators, with options they return one. */
function decoratorFor(direction: MethodDeclaration['direction']): Factory {
  return (first = {}, second, third) => {
    if (second !== undefined) record({ direction, options: {} }, first, second, third);
    else if (typeof first === 'object' && first !== null) {
      const options = { ...first };
      return (target, place, descriptor) => record({ direction, options }, target, place, descriptor);
    } else throw new UsageError(`@${direction} takes a method, or options in an object`);
    return undefined;
  };
}

/** Accepts `(value, context)` in the standard dialect, `(target, key, descriptor)` in the legacy one. */
function record(
  declaration: MethodDeclaration,
  target: unknown,
  place: unknown,
  descriptor: PropertyDescriptor | undefined,
): void {
  const standard = typeof place === 'object';
  const context = place as ClassMethodDecoratorContext;
  const key = standard ? context.name : (place as string | symbol);
  const method = standard ? target : descriptor?.value;
  const fits = standard ? context.kind === 'method' && !context.static && !context.private : typeof target === 'object';
  if (!fits || typeof method !== 'function') {
    throw new UsageError(
      `@${declaration.direction} ${String(key)}: only methods of an instance can be decorated, not fields, accessors, or static or private members`,
    );
  }
  if (declarationOf(method) !== undefined) {
    throw new UsageError(`${String(key)}: a method can be decorated only once, with @incoming or @outgoing`);
  }
  records.set(method, declaration);
  // Another decorator may replace the method by its own function: reading the class detects that from these records.
  if (standard) context.addInitializer(() => shared[NOTICED]?.set(method as Method, key));
  else
    records.set(
      target as object,
      (membersOf(target as object) ?? new Map<string | symbol, Method>()).set(key, method as Method),
    );
}

/**
 * Declares a method that the peer calls: its first parameter is the `Sender`. Without arguments, or with
 * {@link MethodOptions}.
 */
export const incoming: Marker<'incoming'> = decoratorFor('incoming') as unknown as Marker<'incoming'>;
/**
 * Declares a method that calls the peer: its first parameter is the `Receivers`. Without arguments, or with
 * {@link MethodOptions}.
 */
export const outgoing: Marker<'outgoing'> = decoratorFor('outgoing') as unknown as Marker<'outgoing'>;

/**
 * The same declarations without decorator syntax, for runtimes that only strip types: `declareMethods(Chat, { join:
 * incoming({ hasReply: true }), said: outgoing })`. Throws a UsageError for a name that is not a method of the class.
 */
export function declareMethods<S extends object>(api: { readonly prototype: S }, decorators: Declarable<S>): void {
  for (const [key, decorate] of Object.entries(decorators)) {
    const descriptor = Object.getOwnPropertyDescriptor(api.prototype, key);
    if (typeof descriptor?.value !== 'function') {
      throw new UsageError(`${(api as { name?: string }).name ?? 'the class'}.${key} is not a method of its own`);
    }
    if (typeof decorate !== 'function')
      throw new UsageError(`${key}: expected incoming or outgoing, with or without options`);
    (decorate as Decorator)(api.prototype, key, descriptor);
  }
}
