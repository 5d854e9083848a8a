import type { Reply, Sender, Stream } from '../../src/index.js';

/** The package as users import it; the types are those of the sources. */
const packageName: string = 'obverse';
const { incoming, RemoteAPI } = (await import(packageName)) as typeof import('../../src/index.js');

/** One small item, as an object. */
export interface Reading {
  readonly n: number;
  readonly text: string;
}

/** The methods with which streams are measured. */
export class Streaming extends RemoteAPI {
  /** Numbers from 0, from a generator that never waits. */
  @incoming({ stream: true }) numbers(_sender: Sender, _args: { count: number }): Stream<number> {}
  /** The same from an async generator. */
  @incoming({ stream: true }) awaited(_sender: Sender, _args: { count: number }): Stream<number> {}
  /** Small objects. */
  @incoming({ stream: true }) readings(_sender: Sender, _args: { count: number }): Stream<Reading> {}
  /** Numbers from 0, one in this many milliseconds. */
  @incoming({ stream: true }) paced(_sender: Sender, _args: { every: number }): Stream<number> {}
  @incoming({ hasReply: true, allowPositionalArgs: true }) add(
    _sender: Sender,
    _a: number,
    _b: number,
  ): Reply<number> {}
}

export type Flood = 'numbers' | 'awaited' | 'readings';
