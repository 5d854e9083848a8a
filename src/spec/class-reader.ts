import { messageOf } from '../base/thrown.js';
import { UsageError } from '../contract/errors.js';
import type { Method } from '../types/method.js';
import { collectMarks, type MethodMark, markedAs, markOf } from './decorators.js';

/** A class whose constructor takes no arguments: what a spec is at run time. */
export type SpecConstructor = new () => object;

/** A decorated method of a class, its own or inherited. */
export interface MarkedMethod {
  readonly key: string;
  readonly body: Method;
  readonly mark: MethodMark;
}

/** The members of a class, including inherited ones. */
export interface ClassMembers {
  readonly methods: readonly MarkedMethod[];
  /** The names of prototype members without a decorator. */
  readonly unmarked: readonly string[];
  /** The fields of an instance. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * Reads a class: its decorated methods from the prototypes below `root`, its fields from an instance that is made for
 * this. A method that overrides a decorated one replaces it, and inherits its decorator unless it has one of its own.
 */
export function readClass(spec: SpecConstructor, root: object): ClassMembers {
  const { made, marked } = instanceOf(spec);
  const found = new Map<string | symbol, PropertyDescriptor>();
  const marks = new Map<string | symbol, MethodMark>();
  const covered = new Map(marked);
  for (const prototype of prototypesOf(spec, root)) {
    for (const key of Reflect.ownKeys(prototype)) {
      if (key === 'constructor') continue;
      const descriptor = Object.getOwnPropertyDescriptor(prototype, key) as PropertyDescriptor;
      found.set(key, descriptor);
      const method: unknown = descriptor.value;
      const noted = markedAs(prototype, key);
      if (noted !== undefined && noted !== method) covered.set(noted, key);
      if (!isMethod(method)) continue;
      covered.delete(method);
      const mark = markOf(method);
      if (mark !== undefined) marks.set(key, mark);
    }
  }
  refuse(spec, covered);
  const methods = [...marks].map(([key, mark]) => {
    const at = `${spec.name}.${String(key)}`;
    const body: unknown = found.get(key)?.value;
    if (typeof key === 'symbol') throw new UsageError(`${at} is decorated, but a symbol has no name on the wire`);
    if (!isMethod(body) || Object.hasOwn(made, key)) {
      throw new UsageError(`${at} is decorated, but its override is not a method`);
    }
    return { key, body, mark };
  });
  const unmarked = [...found.keys()].filter((key) => typeof key === 'string' && !marks.has(key));
  // The former name of the method: nothing would call it.
  if (unmarked.includes('messageError'))
    throw new UsageError(`${spec.name}.messageError is never called: its name is onMessageError now, so rename it`);
  return { methods, unmarked: unmarked as string[], fields: { ...made } };
}

/**
 * A decorated function that is not a method any more is not called: what replaces it has no decorator, and reports
 * nothing.
 */
function refuse(spec: SpecConstructor, covered: ReadonlyMap<Method, string | symbol>): void {
  for (const [method, key] of covered) {
    const mark = `@${markOf(method)?.direction}`;
    throw new UsageError(
      `${spec.name}.${String(key)}: another function has replaced the one that ${mark} decorates; write ${mark} above a decorator that replaces the method`,
    );
  }
}

function isMethod(value: unknown): value is Method {
  return typeof value === 'function';
}

function instanceOf(spec: SpecConstructor): { made: object; marked: ReadonlyMap<Method, string | symbol> } {
  try {
    return collectMarks(() => new spec());
  } catch (cause) {
    throw new UsageError(
      `${spec.name} cannot be read: its constructor must work without arguments, but it threw: ${messageOf(cause)}`,
      { cause },
    );
  }
}

/** The prototypes of a class below `root`, the farthest first. */
function prototypesOf(spec: SpecConstructor, root: object): object[] {
  const prototypes: object[] = [];
  for (let at: object | null = spec.prototype; at !== null && at !== root; at = Object.getPrototypeOf(at)) {
    prototypes.unshift(at);
  }
  return prototypes;
}
