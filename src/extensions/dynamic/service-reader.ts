import { isPlain } from '../../api/handlers.js';
import { endpointOf } from '../../api/side-class.js';
import { mustBeOfThisCopy } from '../../contract/copies.js';
import { UsageError } from '../../contract/errors.js';
import type { AnyHandler } from '../../types/dynamic.js';
import { exposedMethodsOf } from '../references/exposed-methods.js';
import { importOf } from '../references/imported-reference.js';
import { isPrivate } from '../references/members.js';
import { segmentFault } from './paths.js';

type Callable = (...args: unknown[]) => unknown;

/** A function of a service, and how it is called. */
export interface ServiceFunction {
  readonly handler: AnyHandler;
  /** The function itself. */
  readonly target: object;
}

/** The functions that an object serves, by paths below its own. */
export interface Service {
  readonly functions: ReadonlyMap<string, ServiceFunction>;
  /** The objects within it. */
  readonly objects: ReadonlyMap<string, object>;
}

/**
 * Reads what an object serves: its own enumerable functions, and those of the plain objects within it, except those whose names
 * begin with an underscore; or the named methods; or those of a class with `@reference`. Getters are not called. Throws a
 * UsageError if there is nothing to serve, and for a name that cannot be called.
 */
export function serviceOf(name: string, given: unknown, methods?: readonly string[]): Service {
  mustBeOfThisCopy(`"${name}": what is mounted`, given);
  if (typeof given === 'function') {
    throw new UsageError(
      `"${name}": mount() takes a class that extends RemoteAPI, or an object; set a function with setHandler("${name}", …)`,
    );
  }
  if (typeof given !== 'object' || given === null)
    throw new UsageError(`"${name}": mount() takes a class that extends RemoteAPI, or an object, not ${String(given)}`);
  if (endpointOf(given) !== undefined)
    throw new UsageError(
      `"${name}" is a side with its own connection: mount its class, and use the side that mount() returns`,
    );
  const reader = new Reader(name);
  if (methods !== undefined) reader.named(given, methods);
  else reader.object(given, '', [], importOf(given) !== undefined);
  if (reader.functions.size === 0) throw new UsageError(`"${name}" has no function to serve`);
  return reader;
}

class Reader implements Service {
  readonly functions = new Map<string, ServiceFunction>();
  readonly objects = new Map<string, object>();

  constructor(private readonly name: string) {}

  /** The named methods of an object, own or inherited. */
  named(given: object, methods: readonly string[]): void {
    if (!Array.isArray(methods)) throw new UsageError('the option "methods" must be an array of names');
    for (const key of methods as unknown[]) {
      const method = typeof key === 'string' ? (given as Readonly<Record<string, unknown>>)[key] : undefined;
      if (typeof method !== 'function') throw new UsageError(`"${this.name}" has no method ${JSON.stringify(key)}`);
      this.add('', key as string, given, method as Callable, exposedMethodsOf(given) !== undefined);
    }
  }

  /**
   * `path` is the prefix of the names within the object, `around` the objects that contain it. `passed`: a peer has passed it,
   * and its functions take no sender.
   */
  object(given: object, path: string, around: readonly object[], passed: boolean): void {
    if (around.includes(given))
      throw new UsageError(
        `"${this.name}": ${path.slice(0, -1)} is one of the objects that contain it; remove the cycle`,
      );
    const referenced = exposedMethodsOf(given)?.members;
    if (referenced !== undefined) {
      for (const key of referenced)
        this.add(path, key, given, (given as Readonly<Record<string, Callable>>)[key] as Callable, true);
    } else if (isPlain(given)) {
      for (const [key, { value, enumerable }] of Object.entries(Object.getOwnPropertyDescriptors(given))) {
        if (enumerable !== true || (isPrivate(key) && segmentFault(key) === undefined)) continue;
        if (typeof value === 'function') this.add(path, key, given, value as Callable, passed);
        else if (typeof value === 'object' && value !== null)
          this.inner(path, key, value as object, [...around, given], passed);
      }
    } else if (around.length === 0) {
      throw new UsageError(
        `"${this.name}" is an instance of a class: add @reference to the class, or name its methods in the option "methods"`,
      );
    }
  }

  private inner(path: string, key: string, given: object, around: readonly object[], passed: boolean): void {
    const before = this.functions.size;
    this.object(given, `${path}${key}.`, around, passed);
    // An object with only data is not part of the service.
    if (this.functions.size === before) return;
    this.check(path, key);
    this.objects.set(`${path}${key}`, given);
  }

  /** `alone`: it takes no sender. */
  private add(path: string, key: string, owner: object, method: Callable, alone: boolean): void {
    this.check(path, key);
    const handler: AnyHandler = alone
      ? (_sender, ...args) => method.apply(owner, args)
      : (sender, ...args) => method.call(owner, sender, ...args);
    this.functions.set(`${path}${key}`, { handler, target: method });
  }

  private check(path: string, key: string): void {
    const fault = /[.*]/.test(key)
      ? 'contains a dot or a star, which are reserved for paths and wildcards'
      : segmentFault(key);
    if (fault !== undefined) throw new UsageError(`"${this.name}": the name "${path}${key}" ${fault}`);
  }
}
