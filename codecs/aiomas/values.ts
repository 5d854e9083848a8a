import { readOptions } from '../../src/contract/address.js';
import type { Address, Codec, Frame } from '../../src/contract/contract.js';

/** A message of aiomas, `[type, id, content]`. */
export type Triple = readonly [type: number, id: unknown, content: unknown];

/** How values are written. */
export interface Values extends Pick<Codec, 'form' | 'natives'> {
  write(triple: Triple): Frame;
  /** The value of a frame. Throws an `Unread` where only the type and the id can be read, and another error where nothing can. */
  read(frame: Frame): unknown;
}

/** The content of a message cannot be read. */
export class Unread extends Error {
  constructor(
    readonly type: number,
    readonly id: number | string,
    why: string,
  ) {
    super(why);
  }
}

/** Which values an address asks for. Throws a UsageError for an unknown option. */
export function valuesIn(address: Address): 'json' | 'msgpack' {
  return readOptions(address, { values: ['json', 'msgpack'] }).values ?? 'json';
}
