import type { RpcEndpoint } from '../../api/endpoint.js';
import { classesOf, endpointOf } from '../../api/side-class.js';
import { packArguments } from '../../calls/arguments.js';
import type { MethodResolver } from '../../calls/calling-side.js';
import { UsageError } from '../../contract/errors.js';
import { mustBeOptions } from '../../contract/options-object.js';
import type { CallSender } from '../../session/incoming-calls/call-sender.js';
import type { MethodDescriptor } from '../../spec/method-table.js';
import { checkWireName, isReserved } from '../../spec/reserved-names.js';
import type { AnyHandler, Arguments, HandlerOptions, PatternHandler } from '../../types/dynamic.js';
import type { Mount } from './mount.js';
import { type Kind, kindOf, OpenMethod } from './open-method.js';
import { mayBeHandled } from './paths.js';
import { bySpecificity, isWild, type Pattern, patternOf } from './pattern.js';
import { type Place, pathOfName, placeOf } from './place.js';

/** How many unmounted names are remembered, for the error that says that they were unmounted. */
const REMEMBERED = 100;

/**
 * The methods of a side that its spec does not declare: set by path, mounted, or matched by a wildcard. It is used only where
 * the spec has no method, or the method has no handler.
 */
export class DynamicMethods implements MethodResolver {
  /** The mounts, by path. */
  readonly mounts = new Map<string, Mount>();
  /** By the names on the wire. */
  readonly open = new Map<string, OpenMethod>();
  /** Most specific first. */
  patterns: readonly Pattern[] = [];
  private readonly gone = new Set<string>();

  constructor(readonly endpoint: RpcEndpoint) {}

  // ---- incoming calls -----------------------------------------------------------------------------------------------

  /** Returns the method for a call that the spec does not declare as incoming. `refusal` is why the spec refuses it, if it does. */
  find(method: string, refusal: string | undefined): OpenMethod | undefined {
    return this.open.get(method) ?? (refusal === undefined ? this.wild(method) : undefined);
  }

  private wild(method: string): OpenMethod | undefined {
    const pattern = this.patternFor(method);
    if (pattern === undefined) return undefined;
    const { self, handler } = pattern;
    const path = pathOfName(self, method, () => this.sides());
    return new OpenMethod(this.endpoint, path, method, adapted(handler, path, method), handler);
  }

  private patternFor(method: string): Pattern | undefined {
    if (this.patterns.length === 0 || !mayBeHandled(method)) return undefined;
    const isForeign = isReserved(method);
    return this.patterns.find((pattern) => pattern.fits(method) && (pattern.foreign || !isForeign));
  }

  /** The handler of a declared method that has none of its own. */
  fallback(descriptor: MethodDescriptor): AnyHandler | undefined {
    const handler = this.patternFor(descriptor.wire)?.handler;
    if (handler === undefined) return undefined;
    const { path, wire: method } = descriptor;
    const kind = descriptor.kind as Kind;
    return (sender, ...values) => {
      const { args, named } = packArguments(descriptor, values);
      return handler(sender, named ? (args[0] as Arguments) : args, { method, path, kind });
    };
  }

  /** Returns why a method that was served is not served now; undefined for any other. */
  why(method: string): string | undefined {
    for (const name of this.gone) {
      if (method.startsWith(`${name}.`)) return `is no longer served: "${name}" was unmounted`;
    }
    return undefined;
  }

  // ---- set handlers -------------------------------------------------------------------------------------------------

  /** Resolves a path, through mounted sides too. */
  place(self: object, path: unknown): Place {
    return placeOf(self, path, (at) => this.mounts.get(at)?.side);
  }

  /** Sets the handler of a path, or removes it with null. Returns a function that removes it. Throws a UsageError. */
  set(self: object, path: string, handler: unknown, options: HandlerOptions = {}): () => void {
    if (handler !== null && typeof handler !== 'function')
      throw new UsageError(
        `${String(path)}: a handler must be a function, or null to remove it, not ${String(handler)}`,
      );
    const place = this.place(self, path);
    const foreign = foreignIn(path, options);
    const isDeclared = foreign === undefined && place.descriptor?.declaration.options.foreign === true;
    if (!isDeclared) checkWireName(`"${path}"`, place.wire, foreign, isWild(path));
    return isWild(path)
      ? this.setPattern(place, path === '*' ? '**' : place.rest, handler as PatternHandler | null, foreign === true)
      : this.setMethod(place, handler as AnyHandler | null);
  }

  private setPattern({ self }: Place, wild: string, handler: PatternHandler | null, foreign: boolean): () => void {
    const { wire: prefix } = classesOf(self).table;
    const added = patternOf(prefix, wild, self, handler ?? noHandler, foreign);
    const others = this.patterns.filter(({ wire }) => wire !== added.wire);
    this.patterns = handler === null ? others : [...others, added].toSorted(bySpecificity);
    return () => {
      this.patterns = this.patterns.filter((one) => one !== added);
    };
  }

  private setMethod({ self, rest, path, wire }: Place, handler: AnyHandler | null): () => void {
    if (rest === '' || this.mounts.has(path)) {
      const name = path.replace(/\.$/, '');
      throw new UsageError(`"${name}" is a namespace, not a method: set "${name}.**" to handle all of its methods`);
    }
    const port = this.endpoint.dispatcher.methods.get(wire);
    if (port !== undefined) {
      port.handlers = handler === null ? [] : [handler];
      return () => void (handler !== null && port.disconnect(handler));
    }
    if (handler === null) {
      this.open.delete(wire);
      return () => {};
    }
    const added = new OpenMethod(endpointOf(self), path, wire, handler, handler);
    this.open.set(wire, added);
    return () => void (this.open.get(wire) === added && this.open.delete(wire));
  }

  // ---- mounts -------------------------------------------------------------------------------------------------------

  /** Adds a mount. */
  add(mount: Mount): void {
    this.mounts.set(mount.path, mount);
    this.gone.delete(mount.wire);
  }

  /** Removes a mount and everything below it, and remembers its name. */
  remove(mount: Mount): void {
    this.clear(mount);
    this.gone.add(mount.wire);
    const [oldest] = this.gone;
    if (this.gone.size > REMEMBERED) this.gone.delete(oldest as string);
  }

  /** Removes everything at a path and below it. */
  clear({ path, wire }: Pick<Mount, 'path' | 'wire'>): void {
    const { endpoint } = this;
    const isBelow = (name: string): boolean => name.startsWith(`${wire}.`);
    for (const mount of [...this.mounts.values()]) {
      if (mount.wire !== wire && !isBelow(mount.wire)) continue;
      this.mounts.delete(mount.path);
      mount.end?.();
    }
    for (const names of [endpoint.dispatcher.methods, endpoint.dispatcher.refusals, this.open])
      for (const name of [...names.keys()]) if (isBelow(name)) names.delete(name);
    this.patterns = this.patterns.filter((pattern) => !isBelow(pattern.wire));
    endpoint.dispatcher.tables = endpoint.dispatcher.tables.filter((table) => !table.wire.startsWith(`${wire}.`));
    endpoint.attached.unbind(`${path}.`);
  }

  /** The mounted sides. */
  *sides(): Generator<object> {
    for (const { side } of this.mounts.values()) if (side !== undefined) yield side;
  }
}

function noHandler(): undefined {}

function foreignIn(path: string, options: HandlerOptions): boolean | undefined {
  mustBeOptions(options, `${path}: the options of setHandler()`, '{ foreign: true }');
  const { foreign, ...others } = options;
  const [other] = Object.keys(others);
  if (other !== undefined)
    throw new UsageError(`${path}: unknown option "${other}" of setHandler(); the only option is foreign`);
  return foreign;
}

/** Adapts the handler of a pattern to one method. */
function adapted(handler: PatternHandler, path: string, method: string): AnyHandler {
  return (sender, ...values) => {
    const { call } = sender as CallSender;
    const named = call.named && values.length === 1;
    return handler(sender, named ? (values[0] as Arguments) : values, { method, path, kind: kindOf(call) });
  };
}
