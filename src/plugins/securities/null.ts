import { readOptions } from '../../contract/address.js';
import type { Address } from '../../contract/contract.js';

/** Adds nothing and verifies nothing. Any header of a peer is ignored. */
export default function none(address: Address): null {
  readOptions(address, {});
  return null;
}
