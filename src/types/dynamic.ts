/**
 * The types of what is not declared in a spec: handlers by path, what is mounted on a side, and calls by name.
 */

import type { APIClass } from './api-class.js';
import type { NamespaceOptions } from './options.js';
import type {
  Branded,
  CallOptions,
  Connected,
  DirectionOf,
  Handler,
  Items,
  MembersOf,
  Receivers,
  Sender,
} from './side.js';
import type { UntypedAPI, UntypedMounted } from './untyped.js';

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

/** Never for a class, which is mounted as a spec or not at all. */
type NoClass<O> = O extends { readonly prototype: unknown } ? never : unknown;

/** A side that is mounted on another: it has the sessions and the peers of that one, which opens and closes them. */
export type Mounted<S> = Connected<S> & MembersOf<S>;

/** What a side and each namespace of it can do without a spec. Paths are relative to it. */
export interface Dynamic<S> {
  /**
   * Makes a function the one handler of a path, in the place of all that stand there; null leaves none. A path that the spec does
   * not declare becomes callable by it. `room.*` is every method of a namespace, `room.**` those of its namespaces too, `*` all:
   * such a handler gets what has no handler of its own, the most specific one first. Returns a function that takes the handler
   * away again. Throws a UsageError for what is no path of a method, or no function.
   */
  setHandler<const P extends string>(path: P, handler: HandlerAt<S, P> | null, options?: HandlerOptions): () => void;

  /**
   * Serves another spec under a name of this side, over the same sessions, in both directions, and gives its side. Throws a
   * UsageError for a name that is taken.
   */
  mount(name: string, api: UntypedAPI, options?: MountOptions): UntypedMounted;
  mount<M extends Branded>(name: string, api: { readonly prototype: M }, options?: MountOptions): Mounted<M>;
  mount<M>(name: string, api: APIClass<M>, options?: MountOptions): Mounted<M>;
  /**
   * Serves the functions of an object under a name of this side: `calc.add`, and `calc.deep.sub` of the objects within it. They are
   * handlers, and get the sender first; methods of a class that `@reference` marks are called as if the object had been passed,
   * without it. The object is read once. Returns a function that unmounts it. Throws a UsageError for a name that is taken, and
   * for an object without functions.
   */
  mount<O extends object>(name: string, service: O & NoClass<O>, options?: ServiceOptions): () => void;
  /** Takes away what is mounted under a name, with all that stands below it. Gives false if there is nothing. */
  unmount(name: string): boolean;

  /** The path under which something is served: a function, an object, an incoming method, a namespace; undefined if it is not. */
  pathOf(target: object): string | undefined;
  /** What is served under a path: the function that was set, or the object, method or namespace; undefined if nothing is. */
  resolvePath(path: string): object | undefined;

  /**
   * Calls a method by its path, whether the spec declares it or not, and gives a promise of the answer. `T` is what the caller
   * takes that to be: nothing checks it.
   */
  callPath<T = unknown, P = unknown>(path: string, args?: Arguments, options?: PathOptions<P>): Promise<T>;
  /** Sends a notification by its path. */
  notifyPath(path: string, args?: Arguments, options?: PathOptions): void;
  /** Calls a method whose answer is a stream by its path. */
  streamPath<T = unknown, P = unknown>(path: string, args?: Arguments, options?: PathOptions<P>): Items<T>;
}
