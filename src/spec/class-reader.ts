import { messageOf } from '../base/thrown.js';
import { UsageError } from '../contract/errors.js';
import type { Method } from '../types/method.js';
import { collectDecorated, declarationOf, decoratedAs, type MethodDeclaration } from './decorators.js';

/** A class whose constructor takes no arguments: what a spec is at run time. */
export type SpecConstructor = new () => object;

/** A decorated method of a class, its own or inherited. */
export interface DecoratedMethod {
  readonly key: string;
  readonly body: Method;
  readonly declaration: MethodDeclaration;
}

/** The members of a class, including inherited ones. */
export interface ClassMembers {
  readonly methods: readonly DecoratedMethod[];
  /** The names of prototype members without a decorator. */
  readonly undecorated: readonly string[];
  /** The fields of an instance. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * Reads a class: its decorated methods from the prototypes below `root`, its fields from an instance that is made for
 * this. A method that overrides a decorated one replaces it, and inherits its decorator unless it has one of its own.
 */
export function readClass(spec: SpecConstructor, root: object): ClassMembers {
  const { made, decorated } = instanceOf(spec);
  const found = new Map<string | symbol, PropertyDescriptor>();
  const declarations = new Map<string | symbol, MethodDeclaration>();
  const covered = new Map(decorated);
  for (const prototype of prototypesOf(spec, root)) {
    for (const key of Reflect.ownKeys(prototype)) {
      if (key === 'constructor') continue;
      const descriptor = Object.getOwnPropertyDescriptor(prototype, key) as PropertyDescriptor;
      found.set(key, descriptor);
      const method: unknown = descriptor.value;
      const noted = decoratedAs(prototype, key);
      if (noted !== undefined && noted !== method) covered.set(noted, key);
      if (!isMethod(method)) continue;
      covered.delete(method);
      const declaration = declarationOf(method);
      if (declaration !== undefined) declarations.set(key, declaration);
    }
  }
  refuse(spec, covered);
  const methods = [...declarations].map(([key, declaration]) => {
    const at = `${spec.name}.${String(key)}`;
    const body: unknown = found.get(key)?.value;
    if (typeof key === 'symbol') throw new UsageError(`${at} is decorated, but a symbol has no name on the wire`);
    if (!isMethod(body) || Object.hasOwn(made, key)) {
      throw new UsageError(`${at} is decorated, but its override is not a method`);
    }
    return { key, body, declaration };
  });
  const undecorated = [...found.keys()].filter((key) => typeof key === 'string' && !declarations.has(key));
  // The former name of the method: nothing would call it.
  if (undecorated.includes('messageError'))
    throw new UsageError(`${spec.name}.messageError is never called: its name is onMessageError now, so rename it`);
  return { methods, undecorated: undecorated as string[], fields: { ...made } };
}

/**
 * A decorated function that is not a method any more is not called: what replaces it has no decorator, and reports
 * nothing.
 */
function refuse(spec: SpecConstructor, covered: ReadonlyMap<Method, string | symbol>): void {
  for (const [method, key] of covered) {
    const decorator = `@${declarationOf(method)?.direction}`;
    throw new UsageError(
      `${spec.name}.${String(key)}: another function has replaced the one that ${decorator} decorates; write ${decorator} above a decorator that replaces the method`,
    );
  }
}

function isMethod(value: unknown): value is Method {
  return typeof value === 'function';
}

function instanceOf(spec: SpecConstructor): { made: object; decorated: ReadonlyMap<Method, string | symbol> } {
  try {
    return collectDecorated(() => new spec());
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
