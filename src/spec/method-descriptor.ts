import { UsageError } from '../contract/errors.js';
import type { CallOptions, MethodDescription } from '../types/call-options.js';
import type { Method } from '../types/method.js';
import type { MethodOptions } from '../types/method-options.js';
import { checkCallOptions, mergeCallOptions } from './call-options.js';
import type { DecoratedMethod } from './class-reader.js';
import { type MethodDeclaration, parameterTypesOf } from './decorators.js';
import { checkMethodOptions } from './method-options.js';
import { checkWireName } from './reserved-names.js';

/**
 * What a method is. A callback is a function that was passed by reference. One descriptor of each side is `unknown`: it stands for all
 * methods that the side does not serve.
 */
export type MethodKind = 'notification' | 'request' | 'stream' | 'callback' | 'unknown';

/** One method of a spec: everything that a call needs of it, computed once. */
export interface MethodDescriptor {
  readonly key: string;
  /** The property path with dots; unique. */
  readonly path: string;
  /** The name on the wire; unique. */
  readonly wire: string;
  readonly direction: 'incoming' | 'outgoing';
  readonly kind: MethodKind;
  /** Whether it is answered: a request, or a stream. */
  readonly request: boolean;
  readonly stream: boolean;
  readonly body: Method;
  /** The number of parameters that the method declares after the first one. */
  readonly arity: number;
  /** The classes of the parameters, including the first one's, if a compiler emits them. */
  readonly types: readonly unknown[] | undefined;
  readonly params: readonly string[] | undefined;
  readonly positional: boolean;
  readonly timeout: number | undefined;
  /** The default options of its calls: its own take precedence over those of its namespaces. */
  readonly defaults: CallOptions | undefined;
  /** As the decorator specifies it; the options of extensions are in `declaration.options`. */
  readonly declaration: MethodDeclaration;
  /**
   * The position of its table among those of the spec, the root first: it selects the instance that is `this` in the
   * body.
   */
  readonly index: number;
}

/** A decorated method, and its place in a spec. */
export interface PlacedMethod extends DecoratedMethod {
  /** Its class and its name there, for messages. */
  readonly at: string;
  /** The prototype of the class that is read; the method may be inherited. */
  readonly prototype: object;
  /** The part before the last segment of its path, and of its name on the wire: empty, or ending in a dot. */
  readonly path: string;
  readonly wire: string;
  readonly index: number;
  /** The options of the enclosing namespaces. */
  readonly defaults: CallOptions | undefined;
}

/** Makes the descriptor of a method. Throws a UsageError for options that could not work. */
export function describeMethod({
  at,
  key,
  body,
  declaration,
  prototype,
  path,
  wire,
  index,
  defaults,
}: PlacedMethod): MethodDescriptor {
  const { direction, options } = declaration;
  checkMethodOptions(at, options);
  const name = `${wire}${options.name ?? key}`;
  checkWireName(at, name, options.foreign);
  const types = parameterTypesOf(prototype, key);
  const arity = Math.max(body.length, types?.length ?? 0, 1) - 1;
  checkArguments(at, options, arity, types?.[1]);
  return {
    key,
    path: `${path}${key}`,
    wire: name,
    direction,
    kind: options.stream === true ? 'stream' : options.hasReply === true ? 'request' : 'notification',
    request: options.hasReply === true || options.stream === true,
    stream: options.stream === true,
    body,
    arity,
    types,
    params: options.params,
    positional: options.allowPositionalArgs === true,
    timeout: options.timeout,
    defaults: mergeCallOptions(defaultsOf(options), defaults),
    declaration,
    index,
  };
}

/**
 * The options of the calls of a method, as its decorator specifies them. `idempotent` is one of them: a plain call pays nothing for it,
 * and who reads the options of a call needs to look at one place only.
 */
function defaultsOf({ idempotent, defaults }: MethodOptions): CallOptions | undefined {
  const checked = checkCallOptions(defaults);
  return idempotent === undefined ? checked : { ...checked, idempotent };
}

/** What `emitDecoratorMetadata` emits for arguments that cannot hold others by name. */
const noObject = new Set<unknown>([String, Number, Boolean, BigInt, Symbol, Array, Function]);

/**
 * Several values, as far as the function declares them, need names or positions. `type` is the class of the first, if
 * it is known.
 */
function checkArguments(at: string, options: MethodOptions, arity: number, type: unknown): void {
  const { params, allowPositionalArgs } = options;
  if (params !== undefined) {
    if (params.length < arity) {
      throw new UsageError(`${at}: it has ${arity} arguments, but params names only ${params.length}`);
    }
  } else if ((arity > 1 || noObject.has(type)) && allowPositionalArgs !== true) {
    const what = arity > 1 ? `${arity} arguments need` : 'an argument that is not an object needs';
    throw new UsageError(
      `${at}: ${what} params: [names], to be sent by name, or allowPositionalArgs: true, to be sent by position`,
    );
  }
}

/** A method as data, seen from the side that the class is written for, or from the other one. */
export function methodDescription(method: MethodDescriptor, inverted: boolean): MethodDescription {
  const { foreign, params, timeout, idempotent, summary, deprecated, meta } = method.declaration.options;
  return {
    path: method.path,
    method: method.wire,
    direction: (method.direction === 'incoming') !== inverted ? 'incoming' : 'outgoing',
    kind: method.kind as MethodDescription['kind'],
    ...(foreign === true && { foreign: true as const }),
    ...(params !== undefined && { params }),
    ...(method.positional && { allowPositionalArgs: true as const }),
    ...(timeout !== undefined && { timeout }),
    ...(idempotent === true && { idempotent }),
    ...(summary !== undefined && { summary }),
    ...(deprecated === true && { deprecated: true as const }),
    ...(meta !== undefined && { meta }),
  };
}
