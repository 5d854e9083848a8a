/**
 * The types of what is not declared in a spec: handlers by path, what is mounted on a side, and calls by name.
 */

import type { CallOptions } from './call-options.js';
import type { Handler } from './derived.js';
import type { DirectionOf } from './method.js';
import type { NamespaceOptions } from './options.js';
import type { Receivers, Sender } from './peers.js';

/** Arguments as they travel: by position in a list, or by name in an object. */
export type Arguments = readonly unknown[] | Readonly<Record<string, unknown>>;

/** A handler of a method that no spec declares: the arguments follow by position, or are one object. */
// biome-ignore lint/suspicious/noExplicitAny: nobody declares what comes, and parameters are contravariant
export type AnyHandler = (sender: Sender, ...args: any[]) => unknown;

/** Which of the methods of a wildcard is called. */
export interface WildCall {
  /** The name on the wire. */
  readonly method: string;
  /** The property path, from the root of the side. */
  readonly path: string;
  /** What the caller asks for; of a declared method, what it is. */
  readonly kind: 'notification' | 'request' | 'stream';
}
/** A handler of all methods of a wildcard. The arguments are in the form in which `callPath` takes them. */
export type PatternHandler = (sender: Sender, args: Arguments, call: WildCall) => unknown;

/** What handles a path: what the spec says, where it says something. */
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
  /** Whom it goes to: null, every connected peer, unless it is said. */
  readonly to?: Receivers;
  /** The name begins with `rpc.` and is one of another protocol, such as `rpc.login`. A method that the spec declares says so itself. */
  readonly foreign?: boolean | undefined;
}

/** Options of a handler of a path. */
export interface HandlerOptions {
  /** The name begins with `rpc.` and is one of another protocol, such as `rpc.on`; a wildcard gets such names, too. */
  readonly foreign?: boolean | undefined;
}

/** Options of a side that is mounted. */
export type MountOptions = Pick<NamespaceOptions, 'defaults'>;

/** Options of an object that is mounted. */
export interface ServiceOptions {
  /** The names of the methods that can be called, of an object of a class too; others cannot. */
  readonly methods?: readonly string[] | undefined;
}
