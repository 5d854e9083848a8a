/**
 * The types of a spec that is made from data: of a type that is given, or of nothing.
 */

import type { TransportSource } from '../contract/contract.js';
import type { APIClass } from './api-class.js';
import type { AnyHandler } from './dynamic.js';
import type { Options } from './options.js';
import type { Branded, CallOptions, Connected, Endpoint, GatherOptions, MethodDescription, Receivers } from './side.js';

/** A spec from data, as the class of the type that was given for it. */
export interface DescribedAPI<S> extends APIClass<S> {
  readonly prototype: S;
}

declare const untyped: unique symbol;

/** Methods and namespaces by names of which nothing is known. */
export interface UntypedMembers {
  // biome-ignore lint/suspicious/noExplicitAny: nobody has said what it is
  readonly [name: string]: any;
}
/** The outgoing methods of an untyped spec. */
export interface UntypedView extends UntypedMembers {
  readonly detailed: UntypedMembers;
}
/** What an untyped side has, whoever opens and closes it. Its methods and namespaces can be used, and nothing checks how. */
export interface UntypedMounted extends Connected<Branded>, UntypedMembers {
  implement(handlers: UntypedHandlers): this;
  // biome-ignore lint/suspicious/noExplicitAny: an UntypedView, which no type that depends on another one takes for a View
  to<P = unknown>(receivers: Receivers, options?: CallOptions<P>): any;
  readonly remote: UntypedView;
  gather(receivers: Receivers, options?: GatherOptions): UntypedMembers;
}
/** Handlers by name, and those of namespaces within. */
export interface UntypedHandlers {
  readonly [name: string]: AnyHandler | UntypedHandlers;
}
/** A side of an untyped spec. */
export interface UntypedSide
  extends UntypedMounted,
    AsyncDisposable,
    Pick<Endpoint<Branded>, 'changeTransport' | 'close'> {
  open(): Promise<this>;
}

/** A spec of which the types know nothing: sides come from it as from a class. */
export interface UntypedAPI {
  create(options?: Options): UntypedSide;
  serve(transport: TransportSource, options?: Omit<Options, 'transport'>): Promise<UntypedSide>;
  connect(transport: TransportSource, options?: Omit<Options, 'transport'>): Promise<UntypedSide>;
  invert(): UntypedAPI;
  describe(): MethodDescription[];
  /** What the types know it by; it does not exist at run time. */
  readonly [untyped]: true;
}
/** The same as a class, which can be a namespace. */
export interface UntypedClass extends UntypedAPI {
  readonly prototype: Branded;
}
