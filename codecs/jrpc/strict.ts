import type { Address, Codec } from '../../src/contract/contract.js';
import { codecOf } from './codec.js';
import { strict } from './dialect.js';

/** The codec `jrpc` without its dialects: what a page loads that uses none. */
export default function jrpc(address: Address): Codec {
  return codecOf(address, () => strict);
}
