import { UsageError } from './errors.js';
import { type Marked, markedAs, markOf, notice } from './marks.js';
import type { Method } from './types.js';

/** A class whose constructor takes nothing: what a spec is at run time. */
export type SpecConstructor = new () => object;

/** A marked method of a class, its own or inherited. */
export interface Member {
  readonly key: string;
  readonly body: Method;
  readonly mark: Marked;
}

/** What a class has, with what it inherits. */
export interface Members {
  readonly methods: readonly Member[];
  /** The names of what stands on its prototypes without a mark. */
  readonly unmarked: readonly string[];
  /** The fields of an instance. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * Reads a class: its marks from the prototypes below `root`, the nearest first, its fields from an instance made for it. What
 * overrides a marked method without a mark of its own inherits the mark.
 */
export function membersOf(spec: SpecConstructor, root: object): Members {
  const { made, marked } = instanceOf(spec);
  const nearest = new Map<string | symbol, PropertyDescriptor>();
  const marks = new Map<string | symbol, Marked>();
  const lost = new Map(marked);
  for (const prototype of chain(spec.prototype, root)) {
    for (const key of Reflect.ownKeys(prototype)) {
      const descriptor = Object.getOwnPropertyDescriptor(prototype, key) as PropertyDescriptor;
      if (!nearest.has(key)) nearest.set(key, descriptor);
      const method: unknown = descriptor.value;
      const noted = markedAs(prototype, key);
      if (noted !== undefined && noted !== method) lost.set(noted, key);
      if (key === 'constructor' || !isMethod(method)) continue;
      lost.delete(method);
      const mark = markOf(method);
      if (mark !== undefined && !marks.has(key)) marks.set(key, mark);
    }
  }
  for (const [method, key] of lost) {
    const mark = `@${markOf(method)?.direction}`;
    throw new UsageError(
      `${spec.name}.${String(key)}: another function stands in the place of the one that ${mark} has marked; a decorator that replaces the method is written below ${mark}`,
    );
  }
  const methods = [...marks].map(([key, mark]) => {
    const at = `${spec.name}.${String(key)}`;
    const body: unknown = nearest.get(key)?.value;
    if (typeof key === 'symbol') throw new UsageError(`${at} is marked, but a symbol has no name on the wire`);
    if (!isMethod(body) || Object.hasOwn(made, key)) {
      throw new UsageError(`${at} is marked, but what overrides it is not a method`);
    }
    return { key, body, mark };
  });
  const unmarked = [...nearest.keys()].filter((key) => key !== 'constructor' && !marks.has(key));
  return { methods, unmarked: unmarked.filter((key) => typeof key === 'string'), fields: { ...made } };
}

function isMethod(value: unknown): value is Method {
  return typeof value === 'function';
}

function instanceOf(spec: SpecConstructor): { made: object; marked: ReadonlyMap<Method, string | symbol> } {
  try {
    return notice(() => new spec());
  } catch (cause) {
    throw new UsageError(
      `${spec.name} cannot be read: its constructor must work without arguments, and has thrown: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

function* chain(from: object, root: object): Generator<object> {
  for (let at: object | null = from; at !== null && at !== root; at = Object.getPrototypeOf(at)) yield at;
}
