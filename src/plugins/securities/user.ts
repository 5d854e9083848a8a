import { readOptions } from '../../contract/address.js';
import type { Address, Security } from '../../contract/contract.js';

/**
 * Sends the name of the sender, and believes any name that it receives: `user?user=ann`. The model calls it
 * `blindly_believe_everything`. For tests, and for transports that have already authenticated the peer.
 */
export default function user(address: Address): Security {
  const info = { user: readOptions(address, { user: 'text' }).user ?? '' };
  return {
    seal: () => ({ info }),
    open: (payload) => payload,
  };
}
