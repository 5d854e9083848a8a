import { readOptions } from '../../contract/address.js';
import type { Address } from '../../contract/contract.js';

/** Adds nothing and checks nothing. A header that a peer sends all the same is ignored. */
export default function none(address: Address): null {
  readOptions(address, {});
  return null;
}
