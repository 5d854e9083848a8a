/**
 * The types of a spec as a class: the options with which sides come from it, and which side that is. Nothing here exists at run time.
 */

import type { TransportSource } from '../contract/contract.js';
import type { Options } from './options.js';
import type { Inverted, MethodDescription, Side } from './side.js';

/** Options of a side whose transport is given already. */
export type OpenOptions = Omit<Options, 'transport'>;
/** The option that selects the other side, by its type. */
export interface Invert<I extends boolean> {
  readonly invert?: I | undefined;
}
/** With this among the options, it is the other side. */
export interface Inverting {
  readonly invert: true;
}
/** The side that {@link Invert} selects: the inverted one for `true` alone. */
export type Chosen<S, I extends boolean> = [I] extends [true] ? Inverted<S> : S;

/** A spec, as a class: sides come from it. */
export interface APIClass<S> {
  /** Makes a side without opening it. */
  create<I extends boolean = false>(options?: Options & Invert<I>): Side<Chosen<S, I>>;
  /** Makes a side and opens it; where the address leaves it open, it listens. */
  serve<I extends boolean = false>(
    transport: TransportSource,
    options?: OpenOptions & Invert<I>,
  ): Promise<Side<Chosen<S, I>>>;
  /** Makes a side and opens it; where the address leaves it open, it dials. */
  connect<I extends boolean = false>(
    transport: TransportSource,
    options?: OpenOptions & Invert<I>,
  ): Promise<Side<Chosen<S, I>>>;
  /** The class of the other side. */
  invert(): APIClass<Inverted<S>>;
  /** The table as data: each method with its direction. */
  describe(): MethodDescription[];
}
