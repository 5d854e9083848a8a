/**
 * The types for what is not declared in a spec: handlers by path, mounted sides and objects, and calls by name.
 */

import type { CallOptions } from './call-options.js';
import type { Handler } from './derived.js';
import type { DirectionOf } from './method.js';
import type { NamespaceOptions } from './options.js';
import type { Receivers, Sender } from './peers.js';

/** Arguments as they are sent: by position in a list, or by name in an object. */
export type Arguments = readonly unknown[] | Readonly<Record<string, unknown>>;

/** A handler of an undeclared method: the arguments follow by position, or are one object. */
// biome-ignore lint/suspicious/noExplicitAny: nobody declares what comes, and parameters are contravariant
export type AnyHandler = (sender: Sender, ...args: any[]) => unknown;

/** The method of a wildcard that is called. */
export interface WildCall {
  /** The name on the wire. */
  readonly method: string;
  /** The property path, from the root of the side. */
  readonly path: string;
  /** What the caller requests; for a declared method, its kind. */
  readonly kind: 'notification' | 'request' | 'stream';
}
/** A handler of all methods of a wildcard. The arguments are in the form that `callPath` takes. */
export type PatternHandler = (sender: Sender, args: Arguments, call: WildCall) => unknown;

/** The handler type of a path: that of the spec, if the path is declared. */
export type HandlerAt<S, P extends string> = string extends P
  ? AnyHandler
  : P extends `${string}*${string}`
    ? PatternHandler
    : P extends `${infer K}.${infer Rest}`
      ? K extends keyof S
        ? HandlerAt<S[K], Rest>
        : AnyHandler
      : P extends keyof S
        ? Declared<S[P], DirectionOf<S[P]>>
        : AnyHandler;
type Declared<M, D> = [D] extends [never] ? AnyHandler : D extends 'incoming' ? Handler<M> : AnyHandler;

/** Options of a call by path. */
export interface PathOptions<P = unknown> extends CallOptions<P> {
  /** The receivers: null, every connected peer, by default. */
  readonly to?: Receivers;
  /**
   * The name begins with `rpc.` and belongs to another protocol, such as `rpc.login`. A declared method specifies this
   * itself.
   */
  readonly foreign?: boolean | undefined;
}

/** Options of a handler of a path. */
export interface HandlerOptions {
  /**
   * The name begins with `rpc.` and belongs to another protocol, such as `rpc.on`; a wildcard then receives such names,
   * too.
   */
  readonly foreign?: boolean | undefined;
}

/** Options of a mounted side. */
export type MountOptions = Pick<NamespaceOptions, 'defaults'>;

/** Options of a mounted object. */
export interface ServiceOptions {
  /** The names of the methods that can be called, also of an instance of a class; others cannot. */
  readonly methods?: readonly string[] | undefined;
}
